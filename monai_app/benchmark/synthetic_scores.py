"""AUROC and AUPRC of every arm and label: means over seeds, paired differences, intervals over patients and seeds.

A resample draws patients with replacement, the same ones for all arms and seeds, and seeds with replacement, the same
ones for all arms; its value is the mean over the drawn seeds. With five seeds the second part can only say so much.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from monai_app.cohort.spec import TaskKind
from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.engines.predictions import Predictions
from monai_app.engines.views import ClassView, class_views, is_classification
from monai_app.metrics.bootstrap import Estimate, PatientBootstrap
from monai_app.metrics.estimates import RANKING, Measured, macro, measure

MACRO = "macro"
METRICS = tuple(RANKING)


@dataclass(frozen=True)
class Scores:
    """What was measured.

    Attributes:
        parts: by arm, label and metric, one entry a seed; the label :data:`MACRO` is the mean over labels.
        positives: by label, of the judged patients with a known one.
        labelled: by label, how many are known.
        seed: of the resampled seeds.
    """

    parts: Mapping[tuple[str, str, str], Sequence[Measured]]
    positives: Mapping[str, int]
    labelled: Mapping[str, int]
    seed: int = 0

    def by_seed(self, arm: str, label: str, metric: str) -> list[float | None]:
        """A value a seed."""
        return [part.value for part in self.parts[arm, label, metric]]

    def value(self, arm: str, label: str, metric: str) -> Estimate:
        """The mean over seeds with its interval."""
        return over_seeds(self.parts[arm, label, metric], seed=self.seed).estimate

    def difference(self, arm: str, reference: str, label: str, metric: str) -> Estimate:
        """``arm - reference``, both on the same seeds and patients."""
        first, second = (self.parts[name, label, metric] for name in (arm, reference))
        return over_seeds([_less(*pair) for pair in zip(first, second, strict=True)], seed=self.seed).estimate


def scored(predictions: Mapping[str, Sequence[Predictions]], *, resamples: int = 1000, seed: int = 0) -> Scores:
    """The scores of arms from the predictions of each seed, all of the same patients in the same order."""
    first = next(iter(predictions.values()))[0]
    bootstrap = PatientBootstrap(first.subject_id, resamples=resamples, seed=seed)
    parts: dict[tuple[str, str, str], list[Measured]] = {}
    for arm, seeds in predictions.items():
        for made in seeds:
            assert np.array_equal(made.subject_id, first.subject_id)
            views = label_views(made)
            for metric in METRICS:
                found = {
                    name: measure(RANKING[metric], view.label, view.score, rows=view.rows, bootstrap=bootstrap)
                    for name, view in views.items()
                }
                for name, measured in {**found, MACRO: macro(list(found.values()))}.items():
                    parts.setdefault((arm, name, metric), []).append(measured)
    known = label_views(first)
    return Scores(
        parts,
        {name: view.positives for name, view in known.items()},
        {name: len(view.label) for name, view in known.items()},
        seed,
    )


def label_views(predictions: Predictions) -> dict[str, ClassView]:
    """Every yes-or-no question of the classification tasks by name; a class of several is ``task=class``."""
    found = {}
    for task in predictions.tasks.values():
        if is_classification(task.spec):
            several = task.spec.kind is TaskKind.MULTICLASS
            for view in class_views(task, None):
                found[f"{task.spec.name}={view.name}" if several else view.name] = view
    return found


def over_seeds(parts: Sequence[Measured], *, seed: int = 0) -> Measured:
    """The mean over seeds; each replicate is the mean over seeds drawn with replacement. Undefined where one is."""
    values = [part.value for part in parts if part.value is not None]
    if not values or len(values) < len(parts):
        return Measured(None)
    replicates = np.stack([part.replicates for part in parts])
    count, resamples = replicates.shape
    drawn = numpy_generator("resampled seeds", seed).integers(count, size=(count, resamples))
    return Measured(float(np.mean(values)), np.take_along_axis(replicates, drawn, axis=0).mean(axis=0))


def rarest(positives: Mapping[str, int]) -> str:
    """The label with the fewest positives among those that have any.

    Raises:
        InputRejected: ``LABEL_UNKNOWN`` where none has.
    """
    some = {name: count for name, count in positives.items() if count}
    if not some:
        raise InputRejected("LABEL_UNKNOWN", "no label has a positive", expected="a label to look at")
    return min(some, key=lambda name: some[name])


def _less(first: Measured, second: Measured) -> Measured:
    if first.value is None or second.value is None:
        return Measured(None)
    return Measured(first.value - second.value, first.replicates - second.replicates)
