"""What every fusion system returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor


@dataclass
class FusionOutput:
    """The output of a fusion system.

    Attributes:
        logits: per task ``(B, K)``; regression: values in the task's unit; survival: hazard logits per interval.
        weights: how much each modality counted ``(B, M)``, rows sum to 1 over the present ones; None where the system
            has no such notion.
        modality_logits: per modality the logits of a head of its own, where the system has such heads.
        extras: whatever else a system wants to show.
    """

    logits: dict[str, Tensor]
    weights: Tensor | None = None
    modality_logits: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    extras: dict[str, Any] = field(default_factory=dict)
