"""What every fusion system returns."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

SPREAD = "spread_"
"""Prefix of the extras that hold a task's standard deviation ``(B, K)`` over stochastic passes."""


@dataclass
class Branches:
    """Parts of a system that each predict by themselves; the loss counts each on the samples that have it.

    Attributes:
        logits: per branch and task ``(B, K)``, as in :class:`FusionOutput`.
        present: which samples have which branch ``(B, R)``, in the order of ``logits``.
        attention: per task how much each output attends to each branch ``(B, K, R)``; empty where nothing attends.
    """

    logits: dict[str, dict[str, Tensor]]
    present: Tensor
    attention: dict[str, Tensor] = field(default_factory=dict)


@dataclass
class FusionOutput:
    """The output of a fusion system.

    Attributes:
        logits: per task ``(B, K)``; regression: values in the task's unit; survival: hazard logits per interval.
        weights: how much each modality counted ``(B, M)``, rows sum to 1 over the present ones; None where the system
            has no such notion.
        modality_logits: per modality the logits of a head of its own, where the system has such heads.
        branches: the branches that have logits of their own and are no modalities; None where there are none.
        auxiliary: further terms of the loss by name, each ``(B,)`` and zero in samples that it says nothing about.
        extras: whatever else a system wants to show.
        passes: in evaluation, of systems that draw T times: per task the logits of each draw ``(T, B, K)``.
    """

    logits: dict[str, Tensor]
    weights: Tensor | None = None
    modality_logits: dict[str, dict[str, Tensor]] = field(default_factory=dict)
    branches: Branches | None = None
    auxiliary: dict[str, Tensor] = field(default_factory=dict)
    extras: dict[str, Any] = field(default_factory=dict)
    passes: dict[str, Tensor] = field(default_factory=dict)
