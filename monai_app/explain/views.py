"""A modality of one case as features that can be replaced one by one: pixels, values, words.

What stays fixed is what the model must not lose: when values were measured, which ones are unknown, how long a note is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from monai_app.core.errors import InputRejected
from monai_app.explain.baselines import BLUR_SHARE, MEAN_FILM, Baselines, blurred
from monai_app.networks.encoders import BagNoteEncoder

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class View:
    """The features of one modality.

    Attributes:
        name: the modality.
        original: ``(1, *shape)`` values or, of a note, token ids.
        baseline: ``(1, *shape)`` what a removed feature is replaced by.
        assemble: ``(n, *shape)`` -> what the encoder takes.
        features: ``shape`` bool, which entries the case has: unknown values and padding are none.
        imputed: ``shape`` bool, features that were not measured there but carried from earlier; None where none can be.
        baseline_text: the baseline in words.
        scale: ``(1, *shape)`` size of a usual difference of a feature, for perturbations.
        blocks: ``shape`` int64, entries of the same number are removed together when a map is scored; None: each by
            itself.
    """

    name: str
    original: Tensor
    baseline: Tensor
    assemble: Callable[[Tensor], Tensor]
    features: Bools
    imputed: Bools | None
    baseline_text: str
    scale: Tensor
    blocks: npt.NDArray[np.int64] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the map."""
        return tuple(self.original.shape[1:])

    def replaced(self, removed: Tensor) -> Tensor:
        """The encoder's input with features replaced where ``removed (n, *shape)`` is true."""
        return self.assemble(torch.where(removed, self.baseline, self.original))


def film_view(film: Tensor, mean: npt.NDArray[np.float32] | None = None) -> View:
    """A film ``(1, 1, H, W)`` by pixel, from the mean film ``(H, W)`` or, without one, from itself out of focus."""
    original = film[:, 0]
    away = torch.from_numpy(blurred(original[0].cpu().numpy()) if mean is None else mean)[None].to(film)
    text = f"the same film blurred (Gaussian, {BLUR_SHARE:.0%} of its side)" if mean is None else MEAN_FILM
    shape = tuple(original.shape[1:])
    every, scale = np.ones(shape, np.bool_), torch.ones_like(original)
    return View("film", original, away, lambda x: x[:, None], every, None, text, scale)


def series_view(grid: Tensor, baselines: Baselines, std: Tensor) -> View:
    """A grid ``(1, 3, T, C)`` by value; steps before a channel's first value stay unknown."""
    assert baselines.series is not None, "a model that reads series has its train means"
    values, seen = grid[:, 0], grid[:, 1] > 0
    median = torch.from_numpy(baselines.series).to(grid)
    known = torch.isfinite(values)
    away = median.expand_as(values)

    def assemble(x: Tensor) -> Tensor:
        told = torch.where(known, x, torch.nan)
        return torch.stack([told, *(part.expand_as(told) for part in (grid[:, 1], grid[:, 2]))], dim=1)

    return View(
        "series",
        torch.where(known, values, away),
        away,
        assemble,
        known[0].cpu().numpy(),
        (known & ~seen)[0].cpu().numpy(),
        f"{baselines.source} of each channel, at the same times",
        std.to(grid).expand_as(values),
    )


def table_view(table: Tensor, baselines: Baselines, std: Tensor) -> View:
    """A table ``(1, 2, F)`` by column; unknown columns stay unknown."""
    assert baselines.table is not None, "a model that reads tables has its train means"
    values = table[:, 0]
    known = torch.isfinite(values)
    away = torch.from_numpy(baselines.table).to(table).expand_as(values)

    def assemble(x: Tensor) -> Tensor:
        told = torch.where(known, x, torch.nan)
        return torch.stack([told, table[:, 1].expand_as(told)], dim=1)

    return View(
        "table",
        torch.where(known, values, away),
        away,
        assemble,
        known[0].cpu().numpy(),
        None,
        f"{baselines.source} of each field",
        std.to(table).expand_as(values),
    )


def note_view(note: Tensor, encoder: nn.Module, baselines: Baselines, padding_id: int = 0) -> View:
    """A note ``(1, L)`` by token; the first and the last mark stay.

    Raises:
        InputRejected: ``NO_MASK_TOKEN``.
    """
    body = note != padding_id
    places = body[0].nonzero()[:, 0]
    if len(places):
        body[0, places[[0, -1]]] = False
    if isinstance(encoder, BagNoteEncoder):  # counts have no place to hold open: the word is left out
        stand_in, text = padding_id, "the note without the word"
    elif baselines.mask_id is None:
        raise InputRejected(
            "NO_MASK_TOKEN",
            "the vocabulary of the notes has no mask token to put in the place of a word",
            expected="a tokenizer with [MASK]",
            remedy="Hand the id of a neutral token over as mask_id.",
        )
    else:
        stand_in, text = baselines.mask_id, "the mask token in the place of the word"
    away = torch.where(body, torch.full_like(note, stand_in), note)
    return View("note", note, away, lambda x: x, body[0].cpu().numpy(), None, text, torch.ones(note.shape))
