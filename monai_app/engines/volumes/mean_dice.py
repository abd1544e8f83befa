"""The one number that validation compares: Dice, averaged over the volumes of each structure, then over structures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from ignite.metrics import Metric
from torch import Tensor

from monai_app.core.errors import AppError, InputRejected
from monai_app.metrics.segmentation import Floats, dice


class MeanDice(Metric):
    """Ignite metric over a validation epoch; higher is better.

    Args:
        structures: number of foreground classes.
    """

    def __init__(self, structures: int) -> None:
        self.structures = structures
        super().__init__(output_transform=_prediction_and_label)

    def reset(self) -> None:
        """Forget the last epoch."""
        self._cases: list[Floats] = []

    def update(self, output: tuple[Tensor, Tensor]) -> None:
        """Take a batch's scores ``(B, C, I, J, K)`` and labels ``(B, 1, I, J, K)``.

        Raises:
            AppError: ``SCORE_NOT_FINITE``; a network that gives NaN is never the best one.
        """
        scores, labels = output
        if not torch.isfinite(scores).all():
            raise AppError(
                "SCORE_NOT_FINITE",
                "the network gave NaN or infinity on the tuning split",
                expected="finite numbers",
                remedy="The best weights so far are kept. Lower the learning rate.",
            )
        for case, truth in zip(scores.argmax(1), labels[:, 0], strict=True):
            self._cases.append(dice(case, truth, self.structures))

    def per_structure(self) -> Floats:
        """Mean Dice of each structure, (structures,); NaN where no volume has it."""
        table = np.stack(self._cases)
        known = np.isfinite(table)
        counts = np.where(known.any(axis=0), known.sum(axis=0), np.nan)
        return np.asarray(np.where(known, table, 0).sum(axis=0) / counts)

    def compute(self) -> float:
        """The score of the epoch.

        Raises:
            InputRejected: ``VALIDATION_UNDEFINED`` when no volume has any structure.
        """
        means = self.per_structure() if self._cases else np.array([np.nan])
        if not np.isfinite(means).any():
            raise InputRejected(
                "VALIDATION_UNDEFINED",
                "the tuning split cannot rank models",
                got="no structure in any label map",
                expected="structures with the values 1, 2, ...",
                remedy="Look at the labels of the tuning split.",
            )
        return float(np.nanmean(means))


def _prediction_and_label(output: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    return output["pred"], output["label"]
