"""What a caller may ask of the series reader beyond the strict default: every repair is an option, never a habit."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tilt(StrEnum):
    """What to do with slices that step sideways (CT with a tilted gantry)."""

    REJECT = "reject"
    SHEAR = "shear"


class Uneven(StrEnum):
    """What to do with slices at uneven distances."""

    REJECT = "reject"
    RESAMPLE = "resample"


class Precision(StrEnum):
    """The type of the voxels; both hold every value of the files, rounded at most once to float32."""

    FLOAT32 = "float32"
    COMPACT = "compact"
    """int16 where it holds every value exactly, which halves the memory of a CT; else float32."""


@dataclass(frozen=True)
class Phase:
    """Which of several images at one position is wanted: the slices whose element has this value.

    Attributes:
        keyword: one of :data:`PHASE_KEYWORDS`.
        value: compared as a number where both are numbers, else as text.
    """

    keyword: str
    value: float | str


PHASE_KEYWORDS = (
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "TriggerTime",
    "NominalPercentageOfCardiacPhase",
    "EchoNumbers",
    "EchoTime",
    "InversionTime",
    "FlipAngle",
    "DiffusionBValue",
    "ConvolutionKernel",
    "ImageType",
    "ComplexImageComponent",
    "FrameReferenceTime",
)
"""Technical elements that tell images of one position apart; none holds patient data. ImageType is joined by \\."""


@dataclass(frozen=True)
class SeriesOptions:
    """How a series is read.

    Attributes:
        phase: which images to keep where several lie at one position; None rejects such a series.
        tilt: slices that step sideways are rejected, or moved back along an explicit shear (linear interpolation).
        uneven: uneven distances are rejected, or resampled to their median (linear interpolation).
        required_coverage_mm: least extent from the first to the last slice's centre that the task needs.
        precision: float32, or int16 where that is exact.
        minimum_slices: least number of slices; one alone has no distance but its stated thickness.
    """

    phase: Phase | None = None
    tilt: Tilt = Tilt.REJECT
    uneven: Uneven = Uneven.REJECT
    required_coverage_mm: float = 0.0
    precision: Precision = Precision.FLOAT32
    minimum_slices: int = 1


DEFAULT_OPTIONS = SeriesOptions()
"""Nothing is repaired."""
