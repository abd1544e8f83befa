"""Does a film model read the chest or the cassette? Its predictions on marker twins, and within each projection.

Zech et al., PLOS Medicine 2018: film models read hospital and projection from lead letters. Every simulated film has
twins that differ in nothing but the letters (:class:`monai_app.phantom.marker.Lead`); a model that reads the chest
gives them the same probabilities. Projection is chosen by the illness: a model that reads it instead of findings is no
better within one projection than chance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_app.core.atomic import sha256_bytes, sha256_file, write_bytes
from monai_app.core.errors import InputRejected
from monai_app.engines.predictions import Predictions, score_columns
from monai_app.engines.views import is_classification
from monai_app.metrics.bootstrap import PatientBootstrap, interval
from monai_app.metrics.estimates import RANKING, Measured, measure
from monai_app.phantom.examination import FilmExamination
from monai_app.phantom.marker import Lead
from monai_app.phantom.patient import draw_patient

Item = Mapping[str, Any]
_VIEWS = {"bedside": ("AP",), "department": ("PA",)}


def write_twins(items: Sequence[Item], out: str | Path, *, seed: int) -> dict[Lead, list[Item]]:
    """Expose the films of simulated patients again, with each lead, and write them below ``out``.

    Args:
        items: with films of one phantom cohort.
        seed: of that cohort.

    Returns:
        Per lead the same items with the twin's path.

    Raises:
        InputRejected: ``SEED_MISFIT`` when a film exposed with its own letters is not the cohort's.
    """
    folder, twins = Path(out), {lead: list[Item]() for lead in Lead}
    for item in items:
        examination = FilmExamination(draw_patient(seed, int(item["subject_id"]) - 1))
        for lead, content in examination.twins(Lead).items():
            if lead is Lead.OWN and sha256_bytes(content) != sha256_file(item["film"]):
                raise InputRejected(
                    "SEED_MISFIT",
                    "a film exposed again is not the one in the cohort",
                    got=f"seed {seed}",
                    expected="the seed that the phantom cohort was simulated with, at full resolution",
                    remedy="cohort.json names it (provenance: changes).",
                )
            path = folder / lead.value / Path(item["film"]).name
            write_bytes(path, content)
            twins[lead].append({**item, "film": str(path)})
    return twins


def twin_results(
    by_condition: Mapping[str, Predictions], *, own: str = Lead.OWN.value, resamples: int = 1000, seed: int = 0
) -> list[dict[str, Any]]:
    """A row a condition and label: how far probabilities move from those of the film itself, and what that costs.

    Args:
        by_condition: predictions of the same samples, in the same order, under each condition.
        own: the condition that the others are compared with.

    Returns:
        Rows with ``condition``, ``label``, ``samples``, ``positives``, ``moved_mean``, ``moved_p95``, ``moved_most``
        (absolute differences of probabilities), ``decisions_changed`` (share, at .5), ``auroc`` and ``auroc_change``
        (value, low, high; patients resampled, the same draws for both).
    """
    first = by_condition[own]
    bootstrap = PatientBootstrap(first.subject_id, resamples=resamples, seed=seed)
    rows = []
    for condition, predictions in by_condition.items():
        for label, truth, before, after in _columns(first, predictions):
            moved = np.abs(after - before)
            known = np.isfinite(truth)
            scored = {name: _auroc(truth, score, known, bootstrap) for name, score in (("a", after), ("b", before))}
            a, b = scored["a"].value, scored["b"].value
            change = None if a is None or b is None else a - b
            rows.append(
                {
                    "condition": condition,
                    "label": label,
                    "samples": int(known.sum()),
                    "positives": int((truth[known] == 1).sum()),
                    "moved_mean": float(moved.mean()),
                    "moved_p95": float(np.quantile(moved, 0.95)),
                    "moved_most": float(moved.max()),
                    "decisions_changed": float(((after > 0.5) != (before > 0.5)).mean()),
                    "auroc": scored["a"].estimate.as_dict(),
                    "auroc_change": interval(change, scored["a"].replicates - scored["b"].replicates).as_dict(),
                }
            )
    return rows


def projection_results(
    predictions: Predictions, views: Sequence[str], *, resamples: int = 1000, seed: int = 0
) -> list[dict[str, Any]]:
    """A row a label: AUROC of the model over all films, within each projection, and of the projection alone.

    Args:
        predictions: of N films.
        views: (N,) ``AP`` at the bedside, ``PA`` in the department.
    """
    bootstrap = PatientBootstrap(predictions.subject_id, resamples=resamples, seed=seed)
    written = np.array([view.upper() for view in views])
    rows = []
    for label, truth, score, _ in _columns(predictions, predictions):
        known = np.isfinite(truth)
        row: dict[str, Any] = {"label": label, "samples": int(known.sum())}
        row["model"] = _auroc(truth, score, known, bootstrap).estimate.as_dict()
        alone = np.isin(written, _VIEWS["bedside"]).astype(np.float64)
        row["projection_alone"] = _auroc(truth, alone, known, bootstrap).estimate.as_dict()
        for name, accepted in _VIEWS.items():
            within = known & np.isin(written, accepted)
            row[f"model_{name}"] = _auroc(truth, score, within, bootstrap).estimate.as_dict()
            row[f"samples_{name}"] = int(within.sum())
        rows.append(row)
    return rows


def _auroc(truth: NDArray[Any], score: NDArray[Any], rows: NDArray[np.bool_], bootstrap: PatientBootstrap) -> Measured:
    return measure(RANKING["auroc"], truth[rows], score[rows], rows=rows, bootstrap=bootstrap)


def _columns(first: Predictions, second: Predictions) -> list[tuple[str, NDArray[Any], NDArray[Any], NDArray[Any]]]:
    """Label name, truth, and both scores (N,), of every yes-or-no label."""
    found = []
    for name, task in first.tasks.items():
        if not is_classification(task.spec) or task.label.shape != task.score.shape:
            continue
        for k, label in enumerate(score_columns(task.spec)):
            shown = name if label == "value" else label
            found.append((shown, task.label[:, k], task.score[:, k], second.tasks[name].score[:, k]))
    return found
