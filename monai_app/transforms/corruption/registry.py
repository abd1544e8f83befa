"""CORRUPTIONS: every corruption by modality and name, each made for a model by (severity, spec, train statistics)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from monai_app.cohort.spec import Modality, ModelSpec
from monai_app.transforms.corruption.base import Corruption, Floats
from monai_app.transforms.corruption.border_marker import BorderMarkerd
from monai_app.transforms.corruption.contrast import Contrastd
from monai_app.transforms.corruption.deidentification_marks import DeidentificationMarksd
from monai_app.transforms.corruption.down_sampling import DownSamplingd
from monai_app.transforms.corruption.exposure import Exposured
from monai_app.transforms.corruption.feature_mask import FeatureMaskd
from monai_app.transforms.corruption.gaussian_noise import GaussianNoised
from monai_app.transforms.corruption.jpeg import Jpegd
from monai_app.transforms.corruption.missing_fields import MissingFieldsd
from monai_app.transforms.corruption.motion import Motiond
from monai_app.transforms.corruption.occlusion import Occlusiond
from monai_app.transforms.corruption.rotation import Rotationd
from monai_app.transforms.corruption.segment_loss import SegmentLossd
from monai_app.transforms.corruption.series_noise import SeriesNoised
from monai_app.transforms.corruption.time_shift import TimeShiftd
from monai_app.transforms.corruption.truncation import Truncationd
from monai_app.transforms.corruption.typos import Typosd
from monai_app.transforms.corruption.unit_error import UnitErrord


class Factory(Protocol):
    """Makes a corruption for the samples of a model."""

    def __call__(self, severity: int, spec: ModelSpec, statistics: Mapping[str, Floats] | None = None) -> Corruption:
        """The corruption at a severity; ``statistics`` are those of the train samples, where there are some."""
        ...


_CLASSES: tuple[type[Corruption], ...] = (
    GaussianNoised,
    DownSamplingd,
    Jpegd,
    Contrastd,
    Motiond,
    Exposured,
    Rotationd,
    BorderMarkerd,
    Occlusiond,
    FeatureMaskd,
    SegmentLossd,
    SeriesNoised,
    UnitErrord,
    TimeShiftd,
    MissingFieldsd,
    Truncationd,
    Typosd,
    DeidentificationMarksd,
)

CORRUPTIONS: dict[Modality, dict[str, Factory]] = {
    modality: {made.name: made.for_spec for made in _CLASSES if made.modality is modality} for modality in Modality
}
"""Modality to name to factory. Whole modalities go missing by :class:`monai_app.transforms.corruption.missing`."""


def applicable_names(spec: ModelSpec, statistics: Mapping[str, Floats] | None = None) -> dict[str, list[str]]:
    """The corruptions that can happen to samples of a model, by modality of the spec.

    Left out are those that find nothing to act on: a unit error needs a channel with a second unit in use, noise a
    channel whose spread is known.
    """
    names: dict[str, list[str]] = {}
    for modality in spec.modalities.names:
        for name, factory in CORRUPTIONS[modality].items():
            try:
                factory(1, spec, statistics)
            except ValueError:
                continue
            names.setdefault(modality.value, []).append(name)
    return names
