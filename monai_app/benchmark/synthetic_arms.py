"""The arms of the benchmark of synthetic films, and the trainings that each is made of: equally many steps in all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from monai_app.core.atomic import content_hash, sha256_file
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.engines.bundle import Workflow, config_files, find_bundle, system_overlays
from monai_app.engines.model_folder import WEIGHTS_NAME


class Arm(StrEnum):
    """What a classifier learns from; all are tested on the same real patients."""

    REAL = "real"
    SYNTHETIC = "synthetic"
    BOTH = "both"
    PRETRAINED = "pretrained"


ABOUT: Mapping[Arm, str] = {
    Arm.REAL: "real train patients alone (TRTR)",
    Arm.SYNTHETIC: "synthetic patients alone (TSTR)",
    Arm.BOTH: "real patients, with synthetic ones mixed into every batch: augmentation",
    Arm.PRETRAINED: "half of the steps on synthetic patients, then the film encoder goes on with real ones",
}

TRAINING: Mapping[str, Any] = {"average_decay": 0.98, "move_prob": 0.4, "tone_prob": 0.3, "batch_size": 32}
"""Settings of short trainings of film classifiers; --set overrides them."""

OWN_SETTINGS = ("cohort_dir", "output_dir", "seed", "tasks", "max_epochs", "patience", "order", "pretrained", "resume")
"""Settings that the benchmark itself decides."""

_PLACES = ("cache_dir", "workers", "device")


def chosen_arms(names: Sequence[str] | None) -> list[Arm]:
    """Arms by name; None takes all.

    Raises:
        InputRejected: ``ARM_UNKNOWN``.
    """
    unknown = [name for name in names or () if name not in list(Arm)]
    if unknown:
        raise InputRejected("ARM_UNKNOWN", "there is no such arm", got=unknown, expected=", ".join(Arm))
    return [Arm(name) for name in dict.fromkeys(names or Arm)]


@dataclass(frozen=True)
class Plan:
    """What is trained.

    Attributes:
        system: encoder or fusion overlay of the bundle.
        overlays: further ones.
        steps: of the optimiser, in every arm.
        every: steps from one validation on the real tuning split to the next.
        share: of synthetic samples in the arm that mixes.
        real_patients: to train on; None takes all. Each seed draws its own.
        real_positives: of the label, to train on; None takes all. Each seed draws its own.
        label: the one that is looked at, and made rare by ``real_positives``.
        start: model folder whose film encoder every arm starts from; None starts from random weights.
        settings: overrides of the bundle's configuration.
    """

    bundle: str
    cohort_dir: Path
    synthetic_dir: Path
    out: Path
    tasks: Sequence[str]
    system: str | None = None
    overlays: Sequence[str] = ()
    steps: int = 384
    every: int = 32
    share: float = 0.5
    real_patients: int | None = None
    real_positives: int | None = None
    label: str | None = None
    start: Path | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)

    def checked(self) -> Plan:
        """The plan itself.

        Raises:
            InputRejected: ``STEPS_UNEVEN``, ``SHARE_INVALID``, ``SETTING_RESERVED``, ``MODEL_MISSING``.
        """
        if self.every < 1 or self.steps < 1 or self.steps % (2 * self.every):
            raise InputRejected(
                "STEPS_UNEVEN",
                "the steps cannot be halved between two trainings that validate equally often",
                got=f"{self.steps} steps, a validation every {self.every}",
                expected="steps that are a multiple of twice --every",
            )
        if not 0 < self.share < 1:
            raise InputRejected("SHARE_INVALID", "a mixture has two parts", got=self.share, expected="between 0 and 1")
        taken = [name for name in self.settings if name.split("::")[0] in OWN_SETTINGS]
        if taken:
            expected = "--cohort, --out, --seeds, --task, --steps, --every, --start"
            raise InputRejected("SETTING_RESERVED", "the benchmark sets these itself", got=taken, expected=expected)
        if self.start is not None and not (self.start / WEIGHTS_NAME).is_file():
            raise InputRejected("MODEL_MISSING", "there is no model to start from", expected=WEIGHTS_NAME)
        return self

    @property
    def all_overlays(self) -> list[str]:
        """Of the bundle, in order."""
        return [*system_overlays(find_bundle(self.bundle), self.system), *self.overlays]

    def digest(self, arm: Arm) -> str:
        """Of everything that decides the weights of an arm but the seed and the program itself.

        Real films alone do not depend on the synthetic cohort: another one finds them trained.
        """
        configured = config_files(find_bundle(self.bundle), Workflow.TRAIN, self.all_overlays)
        cohorts = [self.cohort_dir, *([] if arm is Arm.REAL else [self.synthetic_dir])]
        start = None if self.start is None else sha256_file(self.start / WEIGHTS_NAME)
        share = self.share if arm is Arm.BOTH else None
        patients = None if arm is Arm.SYNTHETIC else self.real_patients
        rare = [] if arm is Arm.SYNTHETIC or self.real_positives is None else [self.label, self.real_positives]
        return content_hash(
            [
                [sha256_file(file) for file in configured],
                [read_json(folder / "cohort.json") for folder in cohorts],
                [list(self.tasks), self.steps, self.every, share, patients, start, *rare],
                {name: value for name, value in {**TRAINING, **self.settings}.items() if name not in _PLACES},
            ]
        )


@dataclass(frozen=True)
class Training:
    """One training.

    Attributes:
        folder: of the model.
        share: of synthetic samples among those drawn.
        epochs: of ``Plan.every`` steps.
        start: model folder whose film encoder it starts from.
    """

    folder: Path
    share: float
    epochs: int
    start: Path | None

    @property
    def sees(self) -> str:
        """In words."""
        return {0.0: "real", 1.0: "synthetic"}.get(self.share, "both")


def trainings(plan: Plan, arm: Arm, seed: int) -> list[Training]:
    """The trainings of an arm in their order; the last one's model is the arm's."""
    folder = plan.out / "models" / f"{arm.value}-{plan.digest(arm)[:12]}" / f"seed{seed}"
    epochs = plan.steps // plan.every
    if arm is Arm.PRETRAINED:
        before = Training(folder / "before", 1.0, epochs // 2, plan.start)
        return [before, Training(folder / "after", 0.0, epochs // 2, before.folder)]
    share = {Arm.REAL: 0.0, Arm.SYNTHETIC: 1.0, Arm.BOTH: plan.share}[arm]
    return [Training(folder, share, epochs, plan.start)]


def settings_of(plan: Plan, training: Training, seed: int) -> dict[str, Any]:
    """Overrides of the bundle's configuration for one training.

    The cohort of the configuration is the real one, so that validation and test see nothing else; only what the
    training draws from is exchanged. An epoch is a number of draws, not a pass over the data: thus arms with more
    patients take no more steps.
    """
    chosen = {**TRAINING, **plan.settings}
    items = {
        "_target_": "monai_app.engines.mixing.mixed_items",
        "cohort_dir": str(plan.cohort_dir),
        "synthetic_dir": str(plan.synthetic_dir),
        "spec": "@spec",
        "share": training.share,
        "patients": plan.real_patients,
        "label": plan.label,
        "positives": plan.real_positives,
        "seed": seed,
    }
    weights = {
        "_target_": "monai_app.engines.mixing.mixed_weights",
        "items": "@train::dataset::data",
        "share": training.share,
    }
    return {
        "cache_dir": str(plan.out / "cache"),
        **chosen,
        "cohort_dir": str(plan.cohort_dir),
        "output_dir": str(training.folder),
        "tasks": list(plan.tasks),
        "seed": seed,
        "max_epochs": training.epochs,
        "patience": training.epochs,
        "order": "balanced",
        "pretrained": None if training.start is None else str(training.start),
        "train::dataset::data": items,
        "train::dataloader::row_weights": weights,
        "train::dataloader::draws": plan.every * int(chosen["batch_size"]),
    }
