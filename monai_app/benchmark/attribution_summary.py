"""From the scores of single maps to results: means with intervals over patients, rankings of channels and fields."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy.stats import rankdata

from monai_app.benchmark.attribution_film import METRICS
from monai_app.metrics.bootstrap import PatientBootstrap, interval
from monai_app.metrics.resampled import weighted_mean

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Row = dict[str, Any]

EVERY = "all"
ON_FILM = "mostly on film"
"""Labels of which the film carries ``attribution_truth.MUCH_ON_FILM`` or more, taken together."""
ALL_CASES, CALLED = "all that show it", "called by the model"
AUROC, PRECISION_AT_K = "AUROC", "precision at k"
KEYS = ("model", "modality", "method", "baseline", "processing", "label", "condition", "measure")

CASE_SCHEMA = {
    "model": pl.String,
    "label": pl.String,
    "subject_id": pl.Int64,
    "probability": pl.Float64,
    "called": pl.Boolean,
    "modality": pl.String,
    "method": pl.String,
    "baseline": pl.String,
    "processing": pl.String,
    "measure": pl.String,
    "feature": pl.String,
    "value": pl.Float64,
    "chance": pl.Float64,
    "centre": pl.Float64,
}
"""Columns of cases.parquet: one measure of one map; ``feature`` names a channel or field where it is of one."""


RESULT_SCHEMA = {
    **dict.fromkeys(KEYS, pl.String),
    "n": pl.Int64,
    "maps": pl.Int64,
    **dict.fromkeys(("value", "low", "high", "chance", "centre"), pl.Float64),
}
"""Columns of results.csv: n patients, so many maps, value with its 95 % interval, and what no knowledge reaches."""


def result_table(rows: Sequence[Row]) -> pl.DataFrame:
    """Rows of :func:`case_means` and :func:`feature_rankings` as a table."""
    return pl.DataFrame([{key: row.get(key) for key in RESULT_SCHEMA} for row in rows], schema=RESULT_SCHEMA)


def case_table(rows: Sequence[Row]) -> pl.DataFrame:
    """Rows of :func:`monai_app.benchmark.attribution_cases.map_rows` as a table."""
    return pl.DataFrame(rows, schema=CASE_SCHEMA)


def case_means(cases: pl.DataFrame, *, on_film: Collection[str] = (), resamples: int, seed: int = 0) -> list[Row]:
    """Means of every measure of single maps, by label and over all labels' cases; of films also of the called ones.

    Args:
        cases: rows of :func:`case_table`.
        on_film: labels that are also taken together as :data:`ON_FILM`.
    """
    single = cases.filter(pl.col("feature").is_null())
    films = single.filter(pl.col("measure").is_in(METRICS))
    parts = [
        single.with_columns(pl.lit(ALL_CASES).alias("condition")),
        films.filter(pl.col("called")).with_columns(pl.lit(CALLED).alias("condition")),
    ]
    whole = pl.concat(parts)
    film = whole.filter((pl.col("modality") == "film") & pl.col("label").is_in(list(on_film)))
    joined = [part.with_columns(pl.lit(name).alias("label")) for part, name in ((whole, EVERY), (film, ON_FILM))]
    return _means(pl.concat([whole, *joined]), resamples, seed)


def _means(frame: pl.DataFrame, resamples: int, seed: int) -> list[Row]:
    bootstrap = PatientBootstrap(frame["subject_id"].to_numpy(), resamples=resamples, seed=seed)
    rows = []
    numbered = frame.with_row_index("row")
    for key, part in numbered.group_by(KEYS, maintain_order=True):
        values, places = part["value"].to_numpy(), part["row"].to_numpy().astype(np.int64)
        drawn = bootstrap.replicates(places, _mean_of(values))
        found = interval(float(values.mean()), drawn)
        told = {"n": part["subject_id"].n_unique(), "maps": part.height, **found.as_dict()}
        rows.append(dict(zip(KEYS, key, strict=True)) | told | _expected(part))
    return rows


def _mean_of(values: Floats) -> Callable[[Floats], Floats]:
    return lambda weights: weighted_mean(values, weights)


def _expected(part: pl.DataFrame) -> Row:
    return {name: part[name].mean() for name in ("chance", "centre")}


def feature_rankings(
    cases: pl.DataFrame, telling: Mapping[tuple[str, str], Bools], *, resamples: int, seed: int = 0
) -> list[Row]:
    """Do the channels and fields that carry a label have the most attribution? A row a model, method, label.

    Args:
        cases: whose ``worth`` rows hold the absolute attribution of each feature.
        telling: by (modality, label), which features carry something, in the order of the rows of a map.

    Returns:
        AUROC of the telling features against the others by their mean absolute attribution over cases, and the
        precision among as many as there are telling ones; label ``all`` is the mean over labels.
    """
    worth = cases.filter(pl.col("measure") == "worth")
    rows: list[Row] = []
    for key, model_part in worth.group_by("model", "modality", "method", maintain_order=True):
        model, modality, method = key
        by_label: list[tuple[Row, Floats]] = []
        bootstrap = PatientBootstrap(np.unique(model_part["subject_id"].to_numpy()), resamples=resamples, seed=seed)
        order = {int(subject): place for place, subject in enumerate(np.unique(model_part["subject_id"].to_numpy()))}
        for (label,), part in model_part.group_by("label", maintain_order=True):
            truth = telling[str(modality), str(label)]
            if not truth.any() or truth.all():
                continue
            matrix = part["value"].to_numpy().reshape(-1, len(truth))
            places = np.array([order[int(s)] for s in part["subject_id"].to_numpy()[:: len(truth)]])
            told = {"model": model, "modality": modality, "method": method, "label": label, "n": len(matrix)}
            for measure, score in ((AUROC, _auroc), (PRECISION_AT_K, _precision)):
                expected = 0.5 if measure == AUROC else float(truth.mean())
                drawn = bootstrap.replicates(places, _ranking(matrix, truth, score))
                row = told | {"measure": measure, "chance": expected, "maps": len(matrix)}
                own = float(score(matrix.mean(axis=0)[None], truth)[0])
                by_label.append((row | interval(own, drawn).as_dict(), drawn))
        rows += [row for row, _ in by_label]
        rows += _over_labels(by_label)
    return rows


def _over_labels(by_label: Sequence[tuple[Row, Floats]]) -> list[Row]:
    found = []
    for measure in (AUROC, PRECISION_AT_K):
        parts = [(row, drawn) for row, drawn in by_label if row["measure"] == measure]
        if not parts:
            continue
        mean = {key: float(np.mean([row[key] for row, _ in parts])) for key in ("value", "chance")}
        drawn = np.mean([drawn for _, drawn in parts], axis=0)
        counts = {"n": sum(row["n"] for row, _ in parts), "maps": sum(row["maps"] for row, _ in parts)}
        told = {**parts[0][0], "label": EVERY, **counts, "chance": mean["chance"]}
        found.append(told | interval(mean["value"], drawn).as_dict())
    return found


def _ranking(matrix: Floats, truth: Bools, score: Callable[[Floats, Bools], Floats]) -> Callable[[Floats], Floats]:
    return lambda weights: score(weights @ matrix, truth)


def _auroc(worth: Floats, truth: Bools) -> Floats:
    """AUROC (R,) of the telling columns by their worth (R, C)."""
    ranks = rankdata(worth, axis=1)
    telling, others = int(truth.sum()), int((~truth).sum())
    found: Floats = (ranks[:, truth].sum(axis=1) - telling * (telling + 1) / 2) / (telling * others)
    return found


def _precision(worth: Floats, truth: Bools) -> Floats:
    """Share (R,) of telling columns among the strongest ones, as many as there are telling ones."""
    strongest = np.argsort(-worth, axis=1, kind="stable")[:, : int(truth.sum())]
    found: Floats = truth[strongest].mean(axis=1)
    return found
