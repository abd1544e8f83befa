"""What a removed pixel, value or word is replaced by. Every map names its baseline; none is silently zero.

An attribution answers "compared with what?" (Sturmfels, Lundberg, Lee; Distill 2020): with the same film out of focus,
the train median, the note without its words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter
from torch import nn

from monai_app.networks import MultimodalNetwork

Floats = npt.NDArray[np.float32]

BLUR_SHARE = 0.1
"""Standard deviation of the blur in sides of the film: lungs and heart stay as shades, what lies in them does not."""

TRAIN_MEDIAN, TRAIN_MEAN = "the train median", "the model's train mean"
MEAN_FILM = "the mean film of the train split"


@dataclass(frozen=True, eq=False)
class Baselines:
    """Replacements.

    Attributes:
        series: (C,) in the channels' units; None where the model reads no series.
        table: (F,) in the columns' units; None where the model reads no table.
        mask_id: token id that stands for a word that is not told; None where the vocabulary has none.
        source: what ``series`` and ``table`` are.
        film: (S, S) the mean film, as the network sees films; None compares a film with itself out of focus. Blurring
            hides edges and nodules but leaves the density of an opacity where it was; the mean film takes it away.
    """

    series: Floats | None = None
    table: Floats | None = None
    mask_id: int | None = None
    source: str = TRAIN_MEAN
    film: Floats | None = None


def medians(items: Sequence[Mapping[str, Any]], mask_id: int | None = None) -> Baselines:
    """Medians over the observed values of train items; NaN for what was never observed there.

    Args:
        items: of :func:`monai_app.cohort.items.split_items`, of the train split.
        mask_id: as in :class:`Baselines`.
    """
    grids = [np.where(item["series"][1] > 0, item["series"][0], np.nan) for item in _having(items, "series")]
    rows = [item["table"][:1] for item in _having(items, "table")]
    return Baselines(_medians(grids), _medians(rows), mask_id, TRAIN_MEDIAN)


def _having(items: Sequence[Mapping[str, Any]], name: str) -> list[Mapping[str, Any]]:
    return [item for item in items if name in item and item[f"{name}_present"]]


def _medians(rows: Sequence[Floats]) -> Floats | None:
    if not rows:
        return None
    joined = np.concatenate(rows)
    known = np.isfinite(joined).any(axis=0)
    found = np.full(joined.shape[1], np.nan, np.float32)
    found[known] = np.nanmedian(joined[:, known], axis=0)
    return found


def model_means(network: MultimodalNetwork) -> Baselines:
    """The means that a model was fitted with, for where no train split is at hand."""
    return Baselines(_mean_of(network, "series", "input.scale"), _mean_of(network, "table", "scale"))


def _mean_of(network: nn.Module, name: str, place: str) -> Floats | None:
    encoders: Any = network.get_submodule("encoders")
    if name not in encoders:
        return None
    mean: Floats = encoders[name].get_submodule(place).get_buffer("mean").cpu().numpy().astype(np.float32)
    return mean


def completed(baselines: Baselines, network: MultimodalNetwork) -> Baselines:
    """Baselines whose unknown entries are the model's own means."""
    own = model_means(network)
    return Baselines(
        _filled(baselines.series, own.series),
        _filled(baselines.table, own.table),
        baselines.mask_id,
        baselines.source if baselines.series is not None or baselines.table is not None else own.source,
        baselines.film,
    )


def _filled(values: Floats | None, own: Floats | None) -> Floats | None:
    if values is None or own is None:
        return own
    filled: Floats = np.where(np.isfinite(values), values, own).astype(np.float32)
    return filled


def blurred(film: Floats) -> Floats:
    """A film (H, W) out of focus."""
    out: Floats = gaussian_filter(film, BLUR_SHARE * max(film.shape), mode="nearest").astype(np.float32)
    return out
