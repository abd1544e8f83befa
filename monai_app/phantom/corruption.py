"""Natural degradations: some films, series, tables and notes are worse than the rest, and the cohort says which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from monai_app.cohort.spec import Modality
from monai_app.phantom.site import Site


class CorruptionKind(StrEnum):
    """What can go wrong."""

    UNDEREXPOSED = "underexposed"
    MOTION = "motion"
    CLIPPED = "clipped"
    SEGMENT_LOST = "segment_lost"
    ARTEFACTS = "artefacts"
    FIELDS_LOST = "fields_lost"
    TRUNCATED = "truncated"
    MISTYPED = "mistyped"


KINDS: dict[Modality, tuple[CorruptionKind, ...]] = {
    Modality.FILM: (CorruptionKind.UNDEREXPOSED, CorruptionKind.MOTION, CorruptionKind.CLIPPED),
    Modality.SERIES: (CorruptionKind.SEGMENT_LOST, CorruptionKind.ARTEFACTS),
    Modality.TABLE: (CorruptionKind.FIELDS_LOST,),
    Modality.NOTE: (CorruptionKind.TRUNCATED, CorruptionKind.MISTYPED),
}


@dataclass(frozen=True)
class Corruption:
    """One degradation of one modality of one patient.

    Attributes:
        severity: 0 (none) to 1 (worst).
    """

    kind: CorruptionKind
    severity: float

    @property
    def quality(self) -> float:
        """1 for untouched, 0 for the worst."""
        return 1.0 - self.severity


def draw_corruptions(rng: np.random.Generator, site: Site) -> dict[Modality, Corruption]:
    """Which modalities of a patient are degraded, how and how much."""
    drawn = {}
    for modality, kinds in KINDS.items():
        hit, kind, severity = rng.random() < site.corruption_share, rng.integers(len(kinds)), rng.uniform(0.25, 1.0)
        if hit:
            drawn[modality] = Corruption(kinds[int(kind)], round(float(severity), 3))
    return drawn


def severity_of(corruption: Corruption | None, kind: CorruptionKind) -> float:
    """The severity of ``corruption`` where it is of this kind, else 0."""
    return corruption.severity if corruption is not None and corruption.kind is kind else 0.0
