"""What a diagnostic model says of one study, as plain records: deploy and review read these and nothing of engines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from monai_app.cohort.spec import ModelSpec


@dataclass(frozen=True)
class LabelFound:
    """One label.

    Attributes:
        task: of the model.
        name: of the label.
        probability: calibrated where a calibration is stored with the weights.
        spread: standard deviation over stochastic passes; None where the model makes none.
        abstained: the model does not stand by its decision.
    """

    task: str
    name: str
    probability: float
    spread: float | None = None
    abstained: bool = False


@dataclass(frozen=True)
class ModalityTold:
    """What one modality counted for.

    Attributes:
        name: film, series, table, note.
        present: whether the study had it.
        weight: share of the decision; None where the model gives none.
        unfamiliar: whether it looks unlike the training data; None where nobody asked.
    """

    name: str
    present: bool
    weight: float | None = None
    unfamiliar: bool | None = None


@dataclass(frozen=True, eq=False)
class FilmMap:
    """Why a label: the map of the film.

    Attributes:
        label: its name.
        method: such as ``hires_cam``.
        values: (H, W) over the whole film, at the film's aspect.
    """

    label: str
    method: str
    values: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """All that a model says of one study."""

    labels: tuple[LabelFound, ...]
    modalities: tuple[ModalityTold, ...]
    maps: tuple[FilmMap, ...] = ()

    @property
    def likeliest(self) -> LabelFound:
        """The label with the highest probability, the first of several; it may well be absent."""
        return max(self.labels, key=lambda label: label.probability)

    def map_of(self, label: str) -> FilmMap | None:
        """Why a label; None where no map was made."""
        return next((one for one in self.maps if one.label == label), None)


@dataclass(frozen=True, eq=False)
class DiagnosisModel:
    """A diagnostic model that stays open.

    Attributes:
        diagnose: a cohort of one sample (:mod:`monai_app.cohort.study_cohort`) and the film's rows and columns, or None
            without a film -> what the model says.
        spec: what it reads.
        name: of the bundle.
        version: of the bundle.
        sha256: of the weights.
        settings: that change what it says, by name.
    """

    diagnose: Callable[[Path, tuple[int, int] | None], Diagnosis]
    spec: ModelSpec
    name: str
    version: str
    sha256: str
    settings: tuple[tuple[str, str], ...] = ()
