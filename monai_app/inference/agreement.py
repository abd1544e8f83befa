"""What a lean run costs in agreement: its labels against those of the exact way, on the same volume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def agreement(labels: np.ndarray, reference: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """How far two label maps agree.

    Args:
        labels: ``(I, J, K)`` uint8.
        reference: of the same shape.
        classes: names; the first is background.

    Returns:
        ``equal``, the share of voxels with equal labels, and ``dice``, one number a structure; None where neither map
        has it.
    """
    table = np.zeros((len(classes), len(classes)), np.int64)
    for one, other in zip(labels.T, reference.T, strict=True):  # a plane at a time: no map of pairs at full size
        pairs = one.astype(np.int32) * len(classes) + other
        table += np.bincount(pairs.ravel(), minlength=table.size).reshape(table.shape)
    sizes = table.sum(0) + table.sum(1)
    dice = {
        name: float(2 * table[index, index] / sizes[index]) if sizes[index] else None
        for index, name in enumerate(classes)
        if index
    }
    return {"equal": float(np.trace(table) / max(int(table.sum()), 1)), "dice": dice}
