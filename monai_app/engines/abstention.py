"""Abstention as a step of evaluation: a confidence for each decision, chosen on tuning, below which nothing is said.

Stored as abstention.json with the weights; it belongs to them and to the calibration they were evaluated with. Where
the wanted precision is reached at no coverage on tuning, everything is abstained from; where tuning has no label,
nothing is; the record says both.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from monai_app.cohort.spec import TaskKind
from monai_app.core.atomic import content_hash
from monai_app.core.errors import InputRejected
from monai_app.core.records import Record
from monai_app.engines.calibration_maps import label_names
from monai_app.engines.fitted_record import FittedRecord, model_files
from monai_app.engines.posthoc import Calibration
from monai_app.engines.predictions import Predictions, TaskPredictions
from monai_app.engines.selection import DecisionView, decision_confidence, decision_views
from monai_app.engines.views import is_classification
from monai_app.metrics.selective import confidence_for_coverage, confidence_for_precision

logger = logging.getLogger(__name__)


class AbstainBy(StrEnum):
    """What is wanted on tuning: a share of samples kept, or a share of right decisions among the kept."""

    COVERAGE = "coverage"
    PRECISION = "precision"


class CutState(StrEnum):
    """How a confidence was chosen."""

    FITTED = "fitted"
    NOT_REACHED = "not reached on tuning: everything is abstained from"
    NO_LABELS = "no label on tuning: nothing is abstained from"


class Cut(Record):
    """One decision: kept at or above ``confidence``.

    Attributes:
        decided_at: threshold of the probability; None for the most probable class.
        confidence: None unless fitted.
        state: how it was chosen.
    """

    decided_at: float | None
    confidence: float | None
    state: CutState


class Abstention(FittedRecord):
    """Which decisions of a trained model are abstained from.

    Attributes:
        by: what was wanted.
        at: how much of it, in (0, 1].
        calibration: hash of the calibration that was applied before; None for none.
        tuning_samples: how many it was chosen on.
        tasks: per classification task its decisions by name.
    """

    file_name: ClassVar[str] = "abstention.json"
    format: Literal["monai-app-abstention-1"] = "monai-app-abstention-1"
    by: AbstainBy
    at: float
    calibration: str | None
    tuning_samples: int
    tasks: dict[str, dict[str, Cut]]

    def apply(self, predictions: Predictions) -> Predictions:
        """The same predictions with ``abstained`` filled in, of labelled and unlabelled samples.

        Raises:
            InputRejected: ``ABSTENTION_MISFIT`` for a task that it was not chosen for.
        """
        tasks = {}
        for name, task in predictions.tasks.items():
            if is_classification(task.spec) and name not in self.tasks:
                raise InputRejected(
                    "ABSTENTION_MISFIT", "no confidence was chosen for a task", got=name, expected=list(self.tasks)
                )
            silent = _silent(task, self.tasks[name]) if name in self.tasks else None
            tasks[name] = replace(task, abstained=silent)
        return replace(predictions, tasks=tasks)

    def is_for(self, by: AbstainBy, at: float, calibration: Calibration | None) -> bool:
        """Whether it was chosen for this wish and this calibration."""
        return (self.by, self.at, self.calibration) == (by, at, _hash(calibration))

    def summary(self) -> dict[str, Any]:
        """What metrics.json says."""
        return self.model_dump(mode="json", include={"by", "at", "tuning_samples", "tasks"})


def parse_by(name: str | None) -> AbstainBy | None:
    """What is wanted, by its name; None for None.

    Raises:
        InputRejected: ``ABSTAIN_UNKNOWN``.
    """
    if name is None:
        return None
    if name not in list(AbstainBy):
        raise InputRejected(
            "ABSTAIN_UNKNOWN", "there is no such abstention", got=name, expected=["null", *map(str, AbstainBy)]
        )
    return AbstainBy(name)


def fit_abstention(
    tuning: Predictions, by: AbstainBy, at: float, *, calibration: Calibration | None, files: Mapping[str, str]
) -> Abstention:
    """Choose a confidence for every decision on tuning predictions, calibrated as those it will be applied to.

    Raises:
        InputRejected: ``COVERAGE_INVALID`` for ``at`` outside (0, 1].
    """
    tasks = {
        name: {view.name: _cut(view, by, at) for view in decision_views(task, task)}
        for name, task in tuning.tasks.items()
        if is_classification(task.spec)
    }
    for name, cuts in tasks.items():
        missed = sum(cut.state is not CutState.FITTED for cut in cuts.values())
        if missed:
            logger.warning("task %s: no confidence could be chosen for %d of %d decisions", name, missed, len(cuts))
    return Abstention(
        model_files=dict(files),
        by=by,
        at=at,
        calibration=_hash(calibration),
        tuning_samples=len(tuning),
        tasks=tasks,
    )


def abstention_of(
    tuning: Predictions | None,
    folder: str | Path,
    by: AbstainBy | None,
    at: float,
    *,
    calibration: Calibration | None,
    refit: bool = False,
) -> Abstention | None:
    """The abstention of a model folder: the stored one, or else one chosen on tuning and stored now.

    Args:
        tuning: calibrated predictions of the tuning samples.
        folder: the model folder.
        by: None for none.
        at: the wanted share.
        calibration: what was applied to ``tuning``.
        refit: whether to choose anew where a record is stored.

    Raises:
        InputRejected: ``TUNING_MISSING``, ``COVERAGE_INVALID``.
    """
    if by is None:
        return None
    found = Abstention.stored(folder)
    if found is not None and found.is_for(by, at, calibration) and not refit:
        return found
    if tuning is None:
        raise InputRejected(
            "TUNING_MISSING",
            "there are no tuning predictions to choose a confidence on",
            got=f"abstain {by.value}",
            expected="tuning predictions, or a record stored with these weights",
            remedy="Evaluate in the folder of the training, or set abstain=null.",
        )
    fitted = fit_abstention(tuning, by, at, calibration=calibration, files=model_files(folder))
    fitted.write(folder)
    return fitted


def stored_abstention(
    folder: str | Path, by: AbstainBy | None, at: float, calibration: Calibration | None
) -> Abstention | None:
    """The stored abstention, for inference.

    Raises:
        InputRejected: ``ABSTENTION_MISSING`` where none was stored for these weights, wish and calibration.
    """
    if by is None:
        return None
    found = Abstention.stored(folder)
    if found is None or not found.is_for(by, at, calibration):
        raise InputRejected(
            "ABSTENTION_MISSING",
            "the model folder has no such abstention for these weights and this calibration",
            got="none" if found is None else f"{found.by.value} at {found.at}",
            expected=f"{by.value} at {at}",
            remedy="Run evaluate with the same calibration, abstain and abstain_at first, or set abstain=null.",
        )
    return found


def _cut(view: DecisionView, by: AbstainBy, at: float) -> Cut:
    if by is AbstainBy.COVERAGE:
        confidence = confidence_for_coverage(view.confidence, at)
    else:
        confidence = confidence_for_precision(view.wrong, view.confidence, at)
    missed = CutState.NOT_REACHED if view.wrong.size else CutState.NO_LABELS
    return Cut(
        decided_at=None if view.threshold is None else view.threshold.value,
        confidence=confidence,
        state=missed if confidence is None else CutState.FITTED,
    )


def _silent(task: TaskPredictions, by_name: Mapping[str, Cut]) -> NDArray[np.bool_]:
    """(N, decisions) in the order of the label columns; a score that is not finite is always abstained from."""
    names = (task.spec.name,) if task.spec.kind is TaskKind.MULTICLASS else label_names(task.spec)
    cuts = [by_name[name] for name in names]
    confidence = decision_confidence(task.score, task.spec, [cut.decided_at for cut in cuts])
    silent = np.zeros(confidence.shape, dtype=bool)
    for k, cut in enumerate(cuts):
        if cut.confidence is not None:
            silent[:, k] = ~(confidence[:, k] >= cut.confidence)
        else:
            silent[:, k] = cut.state is CutState.NOT_REACHED
    return silent


def _hash(calibration: Calibration | None) -> str | None:
    return None if calibration is None else content_hash(calibration.model_dump(mode="json"))
