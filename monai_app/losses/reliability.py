"""The loss of reliability-aware fusion: task losses, one a modality too, and the detection of corrupted modalities.

L = L_main + sum_m L_head_m + lambda L_aux (DRAF). L_aux is the binary cross-entropy of "modality m was corrupted" over
the modalities present; where a batch does not say what was corrupted (validation, evaluation) it is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from monai_app.cohort.spec import TaskSpec
from monai_app.losses.multitask import MultitaskLoss


class ReliabilityLoss(MultitaskLoss):
    """:class:`MultitaskLoss` plus the detection of corrupted modalities.

    Args:
        modalities: in the order of the network's ``(B, M)`` arrays.
        detection_weight: lambda; 0 switches the detection off.
        options: of :class:`MultitaskLoss`.
    """

    def __init__(
        self, tasks: Sequence[TaskSpec], *, modalities: Sequence[Any], detection_weight: float = 1.0, **options: Any
    ) -> None:
        super().__init__(tasks, **options)
        self.modalities = tuple(str(getattr(name, "value", name)) for name in modalities)
        self.detection_weight = detection_weight

    def forward(self, output: Any, targets: Mapping[str, Tensor]) -> Tensor:
        """The scalar loss of a batch; ``targets`` may hold ``<m>_corrupted (B,)`` for any of the modalities."""
        total = super().forward(output, targets)
        told = [m for m, name in enumerate(self.modalities) if f"{name}_corrupted" in targets]
        suspicion = output.extras.get("corruption_logits")
        if suspicion is None or not told or not self.detection_weight:
            return total
        corrupted = torch.stack([targets[f"{self.modalities[m]}_corrupted"].float().reshape(-1) for m in told], dim=1)
        present = torch.stack([targets[f"{self.modalities[m]}_present"].bool().reshape(-1) for m in told], dim=1)
        loss = functional.binary_cross_entropy_with_logits(suspicion[:, told], corrupted, reduction="none")
        return total + self.detection_weight * (loss * present).sum() / present.sum().clamp_min(1)
