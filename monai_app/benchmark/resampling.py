"""Patient-level bootstrap of the clean comparison: what other held-out patients might have shown, over all seeds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monai_app.engines.predictions import Predictions
from monai_app.engines.views import class_views, is_classification
from monai_app.metrics.bootstrap import Estimate, PatientBootstrap, interval
from monai_app.metrics.estimates import PROBABILITY, RANKING, Measured, macro, measure

_METRICS = {**RANKING, **PROBABILITY}


def bootstrapped(
    predictions: Mapping[tuple[str, int], Predictions],
    metric: str,
    *,
    reference: str,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, tuple[Estimate, Estimate]]:
    """Each system's metric, and its difference from the reference on the same resampled patients.

    The mean over classes, then tasks, then seeds, within each resample.
    """
    by_system: dict[str, Measured] = {}
    for name in dict.fromkeys(system for system, _ in predictions):
        parts = [
            _measured(made, metric, resamples=resamples, seed=seed)
            for (system, _), made in predictions.items()
            if system == name
        ]
        by_system[name] = macro(parts)
    own = by_system.get(reference)
    return {name: (found.estimate, _difference(found, own)) for name, found in by_system.items()}


def _measured(made: Predictions, metric: str, *, resamples: int, seed: int) -> Measured:
    bootstrap = PatientBootstrap(made.subject_id, resamples=resamples, seed=seed)
    tasks = [task for task in made.tasks.values() if is_classification(task.spec)]
    return macro(
        [
            macro(
                [
                    measure(_METRICS[metric], view.label, view.score, rows=view.rows, bootstrap=bootstrap)
                    for view in class_views(task, None)
                ]
            )
            for task in tasks
        ]
    )


def _difference(found: Measured, reference: Measured | None) -> Estimate:
    if reference is None or found.value is None or reference.value is None:
        return Estimate(None)
    return interval(found.value - reference.value, np.asarray(found.replicates - reference.replicates))
