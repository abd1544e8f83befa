"""Predictions for machines and for people: predictions.parquet, its rows as predictions.json, a row a label as CSV."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from monai_app.core.atomic import write_json
from monai_app.core.tables import write_csv
from monai_app.engines.abstention import parse_by, stored_abstention
from monai_app.engines.novelty import stored_novelty, with_novelty
from monai_app.engines.observation import Observer
from monai_app.engines.posthoc import NONE, parse_method, stored_calibration
from monai_app.engines.predictions import Predictions, label_columns, score_columns

NOTICE = "Research software. Not for diagnosis."


def write_model_predictions(predictions: Predictions, out_dir: str | Path, **judging: Any) -> dict[str, Any]:
    """Apply what an evaluation has stored with the weights, as asked for, and write the files.

    Args:
        predictions: as the model gives them.
        out_dir: folder of the files.
        judging: of :func:`judged_predictions`.

    Raises:
        InputRejected: as :func:`judged_predictions`.
    """
    return write_prediction_files(judged_predictions(predictions, **judging), out_dir)


def judged_predictions(
    predictions: Predictions,
    *,
    model_dir: str | Path,
    calibration: str = NONE,
    abstain: str | None = None,
    abstain_at: float = 0.8,
    novelty: float | None = None,
    observer: Observer | None = None,
) -> Predictions:
    """The predictions with what an evaluation has stored with the weights, as asked for.

    Args:
        model_dir: folder of the weights.
        calibration: ``none`` or the method of the stored calibration.
        abstain: None or what the stored abstention was chosen by.
        abstain_at: and at how much of it.
        novelty: None or the quantile of the stored novelty record.
        observer: of the predicted samples; None for trees.

    Raises:
        InputRejected: ``CALIBRATION_MISSING``, ``CALIBRATION_UNKNOWN``, ``ABSTENTION_MISSING``, ``ABSTAIN_UNKNOWN``;
            as :func:`monai_app.engines.novelty.stored_novelty` and :func:`monai_app.engines.novelty.with_novelty`.
    """
    fitted = stored_calibration(model_dir, parse_method(calibration))
    silence = stored_abstention(model_dir, parse_by(abstain), abstain_at, fitted)
    familiar = stored_novelty(observer, model_dir, novelty)
    for step in (fitted, silence):
        predictions = predictions if step is None else step.apply(predictions)
    if familiar is not None and observer is not None:
        predictions = with_novelty(predictions, familiar, observer, model_dir)
    return predictions


def write_prediction_files(predictions: Predictions, out_dir: str | Path) -> dict[str, Any]:
    """Write the three files and return what was written where."""
    folder = Path(out_dir)
    predictions.write(folder / "predictions.parquet")
    write_csv(folder / "predictions.csv", prediction_table(predictions))
    write_json(folder / "predictions.json", {"notice": NOTICE, "samples": prediction_rows(predictions)})
    return {"samples": len(predictions), "predictions": str(folder / "predictions.parquet")}


def prediction_rows(predictions: Predictions) -> list[dict[str, Any]]:
    """One record a sample: who and when, which modalities were there and how much each counted, scores by class,
    which modalities look unlike the training data and which decisions are abstained from where that was asked for.

    A score that is not finite is None.
    """
    times = predictions.prediction_time.astype("datetime64[us]")
    rows = []
    for index in range(len(predictions)):
        row: dict[str, Any] = {
            "subject_id": int(predictions.subject_id[index]),
            "prediction_time": np.datetime_as_string(times[index], unit="s"),
            "present": _named(predictions.modalities, predictions.present[index]),
            "scores": {
                name: _named(score_columns(task.spec), task.score[index]) for name, task in predictions.tasks.items()
            },
        }
        doubt = {
            name: _named(score_columns(task.spec), task.spread[index])
            for name, task in predictions.tasks.items()
            if task.spread is not None
        }
        if doubt:
            row["spread"] = doubt
        silent = {
            name: _named(label_columns(task.spec), task.abstained[index])
            for name, task in predictions.tasks.items()
            if task.abstained is not None
        }
        if silent:
            row["abstained"] = silent
        if predictions.out_of_distribution is not None:
            row["out_of_distribution"] = _named(predictions.modalities, predictions.out_of_distribution[index])
        if predictions.weights is not None:
            row["modality_weights"] = _named(predictions.modalities, predictions.weights[index])
        rows.append(row)
    return rows


def prediction_table(predictions: Predictions) -> pl.DataFrame:
    """A row a sample and score.

    Columns: subject_id, prediction_time, task, label, score, spread, abstained, out_of_distribution. ``spread`` is the
    standard deviation over stochastic passes; a column that nobody asked for is empty.
    """
    n, flags = len(predictions), predictions.out_of_distribution
    novel: list[Any] = [None] * n if flags is None else [bool(row.any()) for row in flags]
    parts = []
    for name, task in predictions.tasks.items():
        silent = task.abstained if task.abstained is None or task.abstained.shape == task.score.shape else None
        for k, label in enumerate(score_columns(task.spec)):
            parts.append(
                pl.DataFrame(
                    {
                        "subject_id": predictions.subject_id,
                        "prediction_time": predictions.prediction_time.astype("datetime64[us]"),
                        "task": [name] * n,
                        "label": [label] * n,
                        "score": task.score[:, k],
                        "spread": pl.Series(_column(task.spread, k, n), dtype=pl.Float64),
                        "abstained": pl.Series(_column(silent, k, n), dtype=pl.Boolean),
                        "out_of_distribution": pl.Series(novel, dtype=pl.Boolean),
                    }
                )
            )
    return pl.concat(parts).sort("subject_id", "prediction_time", maintain_order=True)


def _column(table: np.ndarray | None, k: int, n: int) -> list[Any]:
    """Column k of a table (n, K); n times None where there is no table."""
    return [None] * n if table is None else list(table[:, k].tolist())


def _named(names: tuple[str, ...], values: np.ndarray) -> dict[str, Any]:
    return {name: finite_or_none(value) for name, value in zip(names, values.tolist(), strict=True)}


def finite_or_none(value: Any) -> Any:
    """JSON knows no NaN and no infinity: such numbers are None."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
