"""What a privately trained model says about its privacy: privacy.json beside the weights."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from monai_app.core.atomic import write_json
from monai_app.core.errors import InputRejected
from monai_app.core.records import Record

FILE_NAME = "privacy.json"

NOT_COVERED = (
    "patients of the tuning split: early stopping, the choice of the best epoch, temperatures and thresholds use them, "
    "and a diffusion's normalisation",
    "patients of other trainings whose weights or features were taken, of which the user says that they are others",
    "the training log, its plots and the checkpoints, which hold losses without noise and the seed of the noise",
    "the choice of hyper-parameters, where several trainings on these patients were compared",
    "the number of patients, taken as public",
    "attacks on the generator of the noise, which is not a cryptographic one, and on floating-point rounding",
)
"""What epsilon says nothing about."""


class PrivacyStatement(Record):
    """The guarantee of the weights in a folder: of all of them ever written there by one training.

    Attributes:
        unit: what may be added or removed.
        epsilon: spent, an upper bound.
        delta: probability that it fails.
        budget_epsilon: at which training stops.
        accountant: how epsilon was computed.
        noise_multiplier: standard deviation of the noise in clipping norms.
        clip_norm: longest gradient of a patient.
        sampling_rate: probability that a patient is in a step.
        steps: taken.
        patients: of the train split.
        noise_seed: ``secret``, or ``given``: then the noise can be repeated and nothing is guaranteed.
        public_weights: SHA-256 of weights that were taken, by the user's word trained on other people.
        not_covered: what the guarantee does not cover.
    """

    format: Literal["monai-app-privacy-1"] = "monai-app-privacy-1"
    unit: Literal["patient"] = "patient"
    epsilon: float
    delta: float
    budget_epsilon: float
    accountant: str
    noise_multiplier: float
    clip_norm: float
    sampling_rate: float
    steps: int
    patients: int
    noise_seed: Literal["secret", "given"]
    public_weights: tuple[str, ...] = ()
    not_covered: tuple[str, ...] = NOT_COVERED

    def write(self, folder: str | Path) -> None:
        """Write beside the weights."""
        write_json(Path(folder) / FILE_NAME, self.model_dump(mode="json"))

    @classmethod
    def of(cls, folder: str | Path) -> PrivacyStatement | None:
        """The statement of a model folder; None where it was not trained privately.

        Raises:
            InputRejected: ``RECORD_INVALID``, ``JSON_INVALID``.
        """
        path = Path(folder) / FILE_NAME
        return cls.read(path) if path.is_file() else None


def refuse_for_private(folder: str | Path, what: str, remedy: str) -> None:
    """Refuse to compute something from train patients without noise and to keep it beside private weights.

    Raises:
        InputRejected: ``DP_UNNOISED``.
    """
    if PrivacyStatement.of(folder) is not None:
        raise InputRejected(
            "DP_UNNOISED",
            f"{what} would be computed from the train patients without noise and kept with a private model",
            got="a model trained with differential privacy",
            expected="nothing else that depends on its train patients",
            remedy=remedy,
        )
