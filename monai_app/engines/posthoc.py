"""Post-hoc calibration as a step of evaluation: fitted on tuning predictions, stored as posthoc.json with the weights.

It works on predictions, so that every system can have it; regression and survival tasks stay as they are. A stored
record is taken again as long as weights and method are the same, also where another cohort is evaluated.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

from monai_app.core.errors import InputRejected
from monai_app.engines.calibration_maps import Method, TaskMap, apply_task_map, fit_task_map
from monai_app.engines.fitted_record import FittedRecord, model_files
from monai_app.engines.predictions import Predictions
from monai_app.engines.views import is_classification

logger = logging.getLogger(__name__)
NONE = "none"


class Calibration(FittedRecord):
    """How the probabilities of a trained model are calibrated.

    Attributes:
        method: of every task.
        tuning_samples: how many it was fitted on.
        tasks: the map of each classification task.
    """

    file_name: ClassVar[str] = "posthoc.json"
    format: Literal["monai-app-posthoc-1"] = "monai-app-posthoc-1"
    method: Method
    tuning_samples: int
    tasks: dict[str, TaskMap]

    def apply(self, predictions: Predictions) -> Predictions:
        """The same predictions with calibrated probabilities.

        Raises:
            InputRejected: ``CALIBRATION_MISFIT`` for a task that it was not fitted for.
        """
        tasks = {}
        for name, task in predictions.tasks.items():
            if not is_classification(task.spec):
                tasks[name] = task
                continue
            if name not in self.tasks:
                raise InputRejected(
                    "CALIBRATION_MISFIT",
                    "the calibration was not fitted for a task",
                    got=name,
                    expected=list(self.tasks),
                    remedy="Evaluate with posthoc_refit=true.",
                )
            tasks[name] = replace(task, score=apply_task_map(task.score, task.spec, self.tasks[name]))
        return replace(predictions, tasks=tasks)

    def summary(self, task: str) -> dict[str, Any]:
        """What metrics.json says about a task."""
        fitted = self.tasks[task]
        return {
            "method": self.method.value,
            "tuning_samples": self.tuning_samples,
            "temperature": fitted.temperature,
            "left_alone": fitted.left_alone,
        }


def parse_method(name: str) -> Method | None:
    """The method by its name; None for ``none``.

    Raises:
        InputRejected: ``CALIBRATION_UNKNOWN``.
    """
    if name == NONE:
        return None
    if name not in list(Method):
        raise InputRejected(
            "CALIBRATION_UNKNOWN", "there is no such calibration", got=name, expected=[NONE, *map(str, Method)]
        )
    return Method(name)


def fit_calibration(tuning: Predictions, method: Method, files: Mapping[str, str]) -> Calibration:
    """Fit every classification task on tuning predictions.

    Args:
        files: SHA-256 of the model's files, see :func:`monai_app.engines.fitted_record.model_files`.
    """
    maps = {name: fit_task_map(task, method) for name, task in tuning.tasks.items() if is_classification(task.spec)}
    for name, fitted in maps.items():
        if fitted.left_alone:
            logger.warning("task %s: %d labels have one class only on tuning", name, len(fitted.left_alone))
    return Calibration(model_files=dict(files), method=method, tuning_samples=len(tuning), tasks=maps)


def calibration_of(
    tuning: Predictions | None, folder: str | Path, method: Method | None, *, refit: bool = False
) -> Calibration | None:
    """The calibration of a model folder: the stored one, or else one fitted on tuning and stored now.

    Args:
        tuning: uncalibrated predictions of the tuning samples.
        folder: the model folder.
        method: None for none.
        refit: whether to fit anew where a record is stored.

    Raises:
        InputRejected: ``TUNING_MISSING`` when it must be fitted and there are no tuning predictions.
    """
    if method is None:
        return None
    found = Calibration.stored(folder)
    if found is not None and found.method is method and not refit:
        return found
    if tuning is None:
        raise InputRejected(
            "TUNING_MISSING",
            "there are no tuning predictions to calibrate on",
            got=f"calibration {method.value}",
            expected="tuning predictions, or a record stored with these weights",
            remedy="Evaluate in the folder of the training, or set calibration=none.",
        )
    fitted = fit_calibration(tuning, method, model_files(folder))
    fitted.write(folder)
    return fitted


def stored_calibration(folder: str | Path, method: Method | None) -> Calibration | None:
    """The stored calibration, for inference.

    Raises:
        InputRejected: ``CALIBRATION_MISSING`` where no record of this method was stored with these weights.
    """
    if method is None:
        return None
    found = Calibration.stored(folder)
    if found is None or found.method is not method:
        raise InputRejected(
            "CALIBRATION_MISSING",
            "the model folder has no such calibration for these weights",
            got="none" if found is None else found.method.value,
            expected=method.value,
            remedy=f"Run evaluate with calibration={method.value} first, or set calibration=none.",
        )
    return found
