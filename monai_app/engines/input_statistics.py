"""Fixed numbers of what a modality was given, before any encoder: a second look for inputs that encoders map together.

An encoder trained on few samples may put noise or a value in another unit beside familiar inputs; these numbers do not
learn to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from monai_app.networks.encoders.film_statistics import film_statistics

PADDING = 0
"""Token id that is no token."""


def input_statistics(modality: str, values: Tensor) -> Tensor:
    """Numbers of a modality's inputs, float64, one row a sample; NaN where there is nothing to tell.

    Film ``(B, 1, H, W)``: :func:`film_statistics` ``(B, 778)``. Series ``(B, 3, T, C)``: per channel mean, lowest and
    highest observed value and the logarithm of one more than their number ``(B, 4 C)``. Table ``(B, 2, F)``: values and
    which are unknown ``(B, 2 F)``. Note ``(B, L)``: the token ids themselves, for :func:`note_statistics`.

    Args:
        modality: its name.
        values: as the network gets them.
    """
    return _KINDS[modality](values)


def token_counts(notes: Tensor) -> Tensor:
    """How often each id occurs in notes ``(N, L)``: ``(V,)`` float64, padding not counted."""
    counts = torch.bincount(notes.long().flatten(), minlength=1).double()
    counts[PADDING] = 0
    return counts


def note_statistics(notes: Tensor, familiar: Tensor) -> Tensor:
    """Numbers ``(N, 3)`` of token ids ``(N, L)``: logarithm of one more than the length, share of tokens that no
    familiar note has, mean negative logarithm of the tokens' familiar frequency; NaN for both where nothing is written.

    Args:
        familiar: :func:`token_counts` of the train notes.
    """
    ids = notes.long()
    written = ids != PADDING
    length = written.sum(dim=1)
    counts = torch.where(ids < len(familiar), familiar[ids.clamp_max(len(familiar) - 1)], 0.0)
    rarity = torch.log((familiar.sum() + 1) / (counts + 1))
    means = [torch.where(written, value, 0.0).sum(dim=1) / length for value in ((counts == 0).double(), rarity)]
    return torch.stack([torch.log1p(length.double()), *means], dim=1)


def _film(film: Tensor) -> Tensor:
    return film_statistics(film).double()


def _series(series: Tensor) -> Tensor:
    values, observed = series[:, 0].double(), series[:, 1] > 0
    count = observed.sum(dim=1)
    mean = torch.where(observed, values, 0.0).sum(dim=1) / count
    lowest = torch.where(observed, values, torch.inf).amin(dim=1)
    highest = torch.where(observed, values, -torch.inf).amax(dim=1)
    levels = [torch.where(count > 0, level, torch.nan) for level in (mean, lowest, highest)]
    return torch.cat([*levels, torch.log1p(count.double())], dim=1)


def _table(table: Tensor) -> Tensor:
    values = table[:, 0].double()
    return torch.cat([values, values.isnan().double()], dim=1)


def _note(note: Tensor) -> Tensor:
    return note.double()


_KINDS: Mapping[str, Callable[[Tensor], Tensor]] = {"film": _film, "series": _series, "table": _table, "note": _note}
