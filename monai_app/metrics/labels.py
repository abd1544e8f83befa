"""Labels with holes: NaN is "unlabelled" and never counts; a fold of one class leaves ranking metrics undefined."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from monai_app.core.errors import AppError

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def labelled(label: Floats, score: Floats) -> Mask:
    """Which of N samples have a label; a labelled sample must have a finite score.

    Args:
        label: (N,) or (N, K'), NaN where unlabelled.
        score: (N,) or (N, K).

    Raises:
        AppError: ``SCORE_NOT_FINITE``, ``SHAPE_MISMATCH``.
    """
    if label.shape[0] != score.shape[0]:
        raise AppError(
            "SHAPE_MISMATCH",
            "labels and scores are of different samples",
            got=f"labels {label.shape}, scores {score.shape}",
            expected="the same number of rows",
        )
    known = ~np.isnan(label.reshape(label.shape[0], -1)).any(axis=1) if label.size else np.zeros(label.shape[0], bool)
    finite = np.isfinite(score.reshape(score.shape[0], -1)).all(axis=1) if score.size else known
    bad = int((known & ~finite).sum())
    if bad:
        raise AppError(
            "SCORE_NOT_FINITE",
            "a model gave scores that are not finite",
            got=f"{bad} of {int(known.sum())} labelled samples",
            expected="finite scores",
            remedy="The model diverged or its input holds NaN; nothing was computed from it.",
        )
    return np.asarray(known, dtype=np.bool_)


def both_classes(label: Floats) -> bool:
    """Whether a binary label (N,) without NaN holds positives and negatives."""
    return label.size > 0 and bool((label == 1).any()) and bool((label == 0).any())


def number_or_none(value: float) -> float | None:
    """None for NaN or infinity, so that a report says "undefined" and JSON stays strict."""
    return float(value) if np.isfinite(value) else None
