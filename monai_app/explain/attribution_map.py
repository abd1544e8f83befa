"""A map: how much each pixel, value or word moved the score, from its baseline to what it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

SMALLEST_CHANGE = 0.05
"""In units of the score: a change below it counts as this much when a gap is told in parts of it."""


@dataclass(frozen=True, eq=False)
class AttributionMap:
    """The attribution of one modality, in units of the score.

    Attributes:
        modality: its name.
        method: what made it, such as ``integrated_gradients``.
        values: film (H, W) as the network saw it; series (T, C); table (F,); note (L,).
        score: of the case.
        baseline_score: with the whole modality at its baseline, all others as they are.
        baseline: the baseline in words.
        evaluations: forward passes (with their backward ones) that it took.
        features: same shape, which entries the case has.
        imputed: same shape, values that were carried forward and not measured; None where there is no such thing.
        warnings: what a reader must know before believing it.
        complete: whether the method promises that the values add up to the change of the score.
        precision: what its convolutions computed in.
        rounding_cosine: of a few gradients in bf16 with those in fp32; None where none were compared.
    """

    modality: str
    method: str
    values: Floats
    score: float
    baseline_score: float
    baseline: str
    evaluations: int
    features: Bools
    imputed: Bools | None = None
    warnings: tuple[str, ...] = ()
    complete: bool = True
    precision: str = "fp32"
    rounding_cosine: float | None = None

    @property
    def change(self) -> float:
        """How far the modality's own content moved the score from its baseline."""
        return self.score - self.baseline_score

    @property
    def gap(self) -> float:
        """Completeness gap: how far the sum of the map is from the change, in parts of it (0 is exact)."""
        return completeness_gap(float(self.values.sum(dtype=np.float64)), self.change)

    @property
    def imputed_share(self) -> float:
        """Part of the absolute attribution that lies on imputed values."""
        total = float(np.abs(self.values).sum())
        return 0.0 if self.imputed is None or not total else float(np.abs(self.values[self.imputed]).sum()) / total


def completeness_gap(total: float, change: float) -> float:
    """``abs(total - change)`` in parts of the change (Sundararajan, Taly, Yan; ICML 2017, completeness)."""
    return abs(total - change) / max(abs(change), SMALLEST_CHANGE)
