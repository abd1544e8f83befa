"""Evaluation: predictions become metrics.json, predictions.parquet and report.html, the same way for every model."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np

from monai_app.core.atomic import write_json
from monai_app.core.errors import InputRejected
from monai_app.engines.abstention import Abstention, abstention_of, parse_by
from monai_app.engines.breakdown import mean_weights, measure_groups, measure_patterns
from monai_app.engines.measurement import measure_task
from monai_app.engines.novelty import Novelty, novelty_of, with_novelty
from monai_app.engines.observation import Observer
from monai_app.engines.posthoc import NONE, Calibration, calibration_of, parse_method
from monai_app.engines.predictions import Predictions
from monai_app.engines.report import build_page
from monai_app.engines.report.style import metric_name, with_interval
from monai_app.engines.selection import measure_selection
from monai_app.engines.views import is_classification
from monai_app.generate.privacy.statement import PrivacyStatement
from monai_app.metrics.bootstrap import CONFIDENCE, PatientBootstrap

logger = logging.getLogger(__name__)
FORMAT = "monai-app-metrics-1"
METRICS_NAME, PREDICTIONS_NAME, REPORT_NAME = "metrics.json", "predictions.parquet", "report.html"


def evaluate_model(
    test: Predictions,
    *,
    tuning: Predictions | None,
    model_dir: str | Path,
    out_dir: str | Path,
    title: str,
    calibration: str = NONE,
    abstain: str | None = None,
    abstain_at: float = 0.8,
    novelty: float | None = None,
    observer: Observer | None = None,
    posthoc_refit: bool = False,
    bootstrap: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Calibrate a trained model's predictions and abstain as asked for, store with the model how, and evaluate.

    Args:
        test: predictions of the held-out samples, as the model gives them.
        tuning: likewise of the tuning samples.
        model_dir: folder of the weights, where calibration and abstention are read from and written to.
        out_dir: as :func:`evaluate_predictions`, like all the others.
        calibration: ``none`` or a :class:`monai_app.engines.calibration_maps.Method`.
        abstain: None or a :class:`monai_app.engines.abstention.AbstainBy`.
        abstain_at: the wanted coverage or precision on tuning, in (0, 1].
        novelty: None or the quantile of familiar distances beyond which a modality is flagged, in (0, 1).
        observer: of the held-out samples and their cohort; None for trees.
        posthoc_refit: whether to fit anew where a record for these weights is stored.

    Raises:
        InputRejected: ``CALIBRATION_UNKNOWN``, ``ABSTAIN_UNKNOWN``, ``TUNING_MISSING``, ``COVERAGE_INVALID``; as
            :func:`evaluate_predictions`, :func:`monai_app.engines.novelty.novelty_of` and
            :func:`monai_app.engines.novelty.with_novelty`.
    """
    _check(test, tuning)
    by = parse_by(abstain)
    familiar = novelty_of(observer, model_dir, novelty, may_fit=tuning is not None, refit=posthoc_refit)
    fitted = calibration_of(tuning, model_dir, parse_method(calibration), refit=posthoc_refit)
    if fitted is not None:
        test, tuning = fitted.apply(test), None if tuning is None else fitted.apply(tuning)
    silence = abstention_of(tuning, model_dir, by, abstain_at, calibration=fitted, refit=posthoc_refit)
    test = test if silence is None else silence.apply(test)
    if familiar is not None and observer is not None:
        test = with_novelty(test, familiar, observer, model_dir)
    private = PrivacyStatement.of(model_dir)
    if private is not None and (fitted is not None or silence is not None):
        logger.warning("private model: calibration and abstention use tuning patients, whom epsilon does not cover")
    return evaluate_predictions(
        test,
        tuning=tuning,
        out_dir=out_dir,
        title=title,
        bootstrap=bootstrap,
        seed=seed,
        calibration=fitted,
        abstention=silence,
        novelty=familiar,
        privacy=private,
    )


def evaluate_predictions(
    test: Predictions,
    *,
    tuning: Predictions | None = None,
    out_dir: str | Path,
    title: str,
    bootstrap: int = 1000,
    seed: int = 0,
    calibration: Calibration | None = None,
    abstention: Abstention | None = None,
    novelty: Novelty | None = None,
    privacy: PrivacyStatement | None = None,
) -> dict[str, Any]:
    """Measure predictions and write the three files, each atomically; nothing is written if measuring fails.

    Args:
        test: predictions of the held-out samples.
        tuning: predictions of the tuning samples; thresholds are chosen on them and nowhere else.
        out_dir: folder for the files; files of an earlier evaluation are replaced.
        title: of the report.
        bootstrap: resamples of patients for the 95 % intervals; 0 gives none.
        seed: of the resamples.
        calibration: what was applied to the predictions, to be said in the results.
        abstention: likewise, what filled in their ``abstained``.
        novelty: likewise, what filled in their ``out_of_distribution``.
        privacy: what the model guarantees to its train patients, to be said in the results.

    Returns:
        The content of metrics.json; an undefined number is None.

    Raises:
        InputRejected: ``EMPTY_COHORT``; ``SUBJECT_IN_TWO_SPLITS`` when a patient is in both; ``RESAMPLES_INVALID``.
        AppError: ``SCORE_NOT_FINITE``.
    """
    results = measure_predictions(
        test,
        tuning=tuning,
        title=title,
        bootstrap=bootstrap,
        seed=seed,
        calibration=calibration,
        abstention=abstention,
        novelty=novelty,
    )
    results |= {} if privacy is None else {"privacy": privacy.model_dump(mode="json")}
    page = build_page(test, tuning, results)
    out = Path(out_dir)
    test.write(out / PREDICTIONS_NAME)
    page.write(out / REPORT_NAME)
    write_json(out / METRICS_NAME, results)
    return results


def headlines(results: dict[str, Any]) -> dict[str, str]:
    """The leading metrics as text, of each task or of volumes: ``{"mortality AUROC": "0.869 (0.853-0.885)"}``."""
    if "tasks" not in results:  # a segmentation
        return {f"mean {name}": with_interval(estimate) for name, estimate in results["mean"].items()}
    return {
        f"{name} {'macro ' if 'macro' in task else ''}{metric_name(metric)}": with_interval(estimate)
        for name, task in results["tasks"].items()
        for metric, estimate in task["headline"].items()
    }


def measure_predictions(
    test: Predictions,
    *,
    tuning: Predictions | None,
    title: str,
    bootstrap: int,
    seed: int,
    calibration: Calibration | None = None,
    abstention: Abstention | None = None,
    novelty: Novelty | None = None,
) -> dict[str, Any]:
    """What :func:`evaluate_predictions` measures, with nothing written.

    Raises:
        InputRejected: as there.
        AppError: as there.
    """
    _check(test, tuning)
    resamples = PatientBootstrap(test.subject_id, resamples=bootstrap, seed=seed)
    known = {} if tuning is None else tuning.tasks
    tasks = {name: measure_task(task, known.get(name), resamples) for name, task in test.tasks.items()}
    for name, task in test.tasks.items():
        if is_classification(task.spec):
            tasks[name]["calibration"] = {"method": NONE} if calibration is None else calibration.summary(name)
            tasks[name]["selection"] = measure_selection(task, known.get(name), resamples)
    return {
        "format": FORMAT,
        "title": title,
        "samples": len(test),
        "subjects": resamples.subjects,
        "tuning_samples": 0 if tuning is None else len(tuning),
        "intervals": {"level": CONFIDENCE, "method": "percentile bootstrap over patients", "resamples": bootstrap},
        "seed": seed,
        "modalities": {name: int(test.present[:, i].sum()) for i, name in enumerate(test.modalities)},
        "calibration": NONE if calibration is None else calibration.method.value,
        "abstention": None if abstention is None else abstention.summary(),
        "novelty": _novelty(test, novelty),
        "tasks": tasks,
        "by_modalities_present": measure_patterns(test, resamples),
        "by_group": measure_groups(test, resamples),
        "modality_weights": mean_weights(test),
    }


def _novelty(test: Predictions, novelty: Novelty | None) -> dict[str, Any] | None:
    flags = test.out_of_distribution
    return None if novelty is None or flags is None else novelty.summary(test.modalities, flags)


def _check(test: Predictions, tuning: Predictions | None) -> None:
    if not len(test) or not test.tasks:
        raise InputRejected(
            "EMPTY_COHORT",
            "there is nothing to evaluate",
            got=f"{len(test)} samples, {len(test.tasks)} tasks",
            expected="at least one of each",
            remedy="Check the split and the tasks.",
        )
    shared = 0 if tuning is None else np.intersect1d(test.subject_id, tuning.subject_id).size
    if shared:
        raise InputRejected(
            "SUBJECT_IN_TWO_SPLITS",
            "patients stand in the evaluated and in the tuning predictions",
            got=f"{shared} patients",
            expected="none",
            remedy="Thresholds would be chosen on what they are judged by; split by patient.",
        )
