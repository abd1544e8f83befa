"""Occlusion: what the score loses when a patch, a measurement, a field or a word is replaced by its baseline.

Zeiler and Fergus, ECCV 2014, for films and volumes (Captum's sliding windows); Captum's feature ablation for the rest.
A measurement goes together with the steps that it was carried forward to, the columns of a categorical field likewise.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from captum.attr import FeatureAblation, Occlusion

from monai_app.explain.gradients import INTERNAL_BATCH, Attributed
from monai_app.explain.scored import ScoredCase
from monai_app.explain.views import View

Groups = npt.NDArray[np.int64]

PATCHES_A_SIDE = {"film": 16, "volume": 8}
"""A film is occluded in windows of two sixteenths of its side, moved by one; a volume of two eighths."""


def occlusion(case: ScoredCase, view: View, groups: Groups | None = None, *, patches: int | None = None) -> Attributed:
    """Values of one feature at a time; a pixel has the mean of the windows over it.

    Args:
        patches: of a film or volume, half windows a side instead of :data:`PATCHES_A_SIDE`.
        groups: of the map's shape, entries of the same number are removed together; None: every entry by itself.
    """
    score = case.scorer(view.name)
    with torch.no_grad():
        if view.name in PATCHES_A_SIDE:
            stride = occlusion_stride(view, patches)
            found = Occlusion(lambda x: score(view.assemble(x))).attribute(
                view.original,
                sliding_window_shapes=(2 * stride,) * len(view.shape),
                strides=stride,
                baselines=view.baseline,
                perturbations_per_eval=INTERNAL_BATCH[view.name],
            )
            windows = math.prod(math.ceil(max(0, side - 2 * stride) / stride) + 1 for side in view.shape)
            return Attributed(found[0].float(), windows)
        numbers = single_groups(view) if groups is None else groups
        found = FeatureAblation(lambda x: score(view.assemble(x))).attribute(
            view.original,
            baselines=view.baseline,
            feature_mask=torch.from_numpy(numbers)[None].to(view.original.device),
            perturbations_per_eval=INTERNAL_BATCH[view.name],
        )
    counts = np.bincount(numbers.ravel())
    shared = found[0].float() / torch.from_numpy(counts[numbers]).to(found)
    return Attributed(shared.where(torch.from_numpy(view.features).to(shared.device), 0.0), int(numbers.max()) + 1)


def occlusion_stride(view: View, patches: int | None = None) -> int:
    """By how many pixels a window moves; it is twice as wide."""
    return max(1, view.shape[0] // (patches or PATCHES_A_SIDE[view.name]))


def single_groups(view: View) -> Groups:
    """Every feature by itself; entries that are none share one number, since replacing them changes nothing."""
    return numbered(np.arange(view.features.size).reshape(view.shape), view)


def numbered(groups: Groups, view: View) -> Groups:
    """Group numbers without gaps; what is no feature gets one of its own."""
    kept = np.where(view.features, groups, -1)
    found = np.unique(kept, return_inverse=True)[1]
    return found.reshape(view.shape).astype(np.int64)


def measurement_groups(view: View) -> Groups:
    """Series: a measurement and the steps it was carried forward to, ``(T, C)``."""
    assert view.imputed is not None, "series know what was carried"
    starts = np.cumsum(view.features & ~view.imputed, axis=0)
    steps, channels = view.shape
    return numbered(starts + (steps + 1) * np.arange(channels)[None], view)
