"""The attribution benchmark from trained models to results and report; a killed one goes on with the next model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from monai_app.benchmark.attribution_cases import Plan, chosen_cases, map_rows
from monai_app.benchmark.attribution_marker_run import run_marker
from monai_app.benchmark.attribution_models import HeldOutModel, ModelPlace, model_places, open_model
from monai_app.benchmark.attribution_report import AttributionFacts, attribution_page
from monai_app.benchmark.attribution_shares import alone, modality_worth, reads, recovered
from monai_app.benchmark.attribution_summary import case_means, case_table, feature_rankings, result_table
from monai_app.benchmark.attribution_truth import LabelTruth, best_table, label_truths, share_table
from monai_app.cohort.store import Cohort
from monai_app.core.atomic import content_hash, sha256_file, write_json
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.core.tables import write_csv, write_parquet
from monai_app.engines.data import SampleDataset
from monai_app.engines.film_mean import mean_film
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.explain.methods import find_methods

CASES, RESULTS, SHARES, RECORD, REPORT = (
    "cases.parquet",
    "results.parquet",
    "shares.parquet",
    "attribution.json",
    "report.html",
)


def benchmark_attribution(
    bundle: str,
    cohort_dir: str | Path,
    out: str | Path,
    *,
    models: Sequence[str] = (),
    system: str | None = None,
    methods: Sequence[str] = ("all",),
    cases: int = 12,
    faithful: int = 2,
    films_only: bool = False,
    plant_marker: str | None = None,
    settings: Mapping[str, Any] | None = None,
    resamples: int = 1000,
    on_stage: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Explain held-out cases of a phantom cohort by every method and model, and hold the maps against the truth.

    Args:
        models: ``NAME=FOLDER``, see :func:`monai_app.benchmark.attribution_models.model_places`.
        system: of the bundle's own weights, or of models whose name is none.
        methods: names, or ``all``.
        cases: per label.
        faithful: of these, whose maps are also tested by removing what they mark.
        films_only: map films alone.
        plant_marker: a label that a shortcut is planted for, in two small models of the same films.
        settings: of the bundle's configuration, for all models.
        resamples: of patients for the intervals.

    Returns:
        The record, as attribution.json has it.

    Raises:
        InputRejected: ``NO_TRUTH``, ``MODEL_NAME``, ``METHOD_UNKNOWN``, ``LABEL_UNKNOWN``, ``NO_MODELS`` where all
            were refused; those of the bundle and its weights.
    """
    folder = Path(out)
    plan = Plan(cases, tuple(find_methods(list(methods))), faithful, films_only)
    places = model_places(models, bundle, system)
    marker: list[dict[str, Any]] = []
    if plant_marker is not None:
        on_stage(f"training two film models, one with a shortcut to {plant_marker}")
        marker = run_marker(bundle, cohort_dir, places[0], plant_marker, settings or {}, resamples=resamples)
    refused: dict[str, str] = {}
    done: list[Path] = []
    for place in places:
        try:
            done.append(_measured(bundle, cohort_dir, folder, place, plan, settings or {}, resamples, on_stage))
        except InputRejected as error:
            if error.code != "EXPLAIN_UNSUPPORTED":
                raise
            refused[place.name] = error.code
            on_stage(f"{place.name}: refused ({error.code})")
    if not done:
        raise InputRejected(
            "NO_MODELS", "no model can be explained", got=", ".join(refused.values()), expected="a network"
        )
    on_stage("resampling patients")
    return _write(folder, Cohort(cohort_dir).record.name, plan, done, refused, marker, resamples)


def _measured(
    bundle: str,
    cohort_dir: str | Path,
    out: Path,
    place: ModelPlace,
    plan: Plan,
    settings: Mapping[str, Any],
    resamples: int,
    on_stage: Callable[[str], None],
) -> Path:
    """The folder with what was measured of one model, measured now or before."""
    model = open_model(bundle, cohort_dir, place, settings)
    weights = None if place.folder is None else sha256_file(place.folder / WEIGHTS_NAME)
    asked = [weights, plan.cases, list(plan.methods), plan.faithful, plan.films_only, dict(settings), resamples]
    folder = out / "models" / f"{place.name}-{content_hash(asked)[:12]}"
    if (folder / RECORD).is_file():
        on_stage(f"{place.name}: measured before")
        return folder
    truths = label_truths(cohort_dir, model.spec)
    on_stage(f"{place.name}: coalitions of modalities over {len(model.items)} cases")
    shares, scores, labels, priors = _shares(model, truths, resamples)
    chosen = {
        truth.name: chosen_cases(model, cohort_dir, truth, labels[:, k], scores[:, k], float(priors[k]), plan.cases)
        for k, truth in enumerate(truths)
    }
    mean = None
    if model.spec.modalities.film is not None:
        cache = settings.get("cache_dir")
        mean = mean_film(SampleDataset(model.train, model.dataset.transform, cache_dir=cache))
    rows = map_rows(model, truths, chosen, mean, plan, lambda label: on_stage(f"{place.name}: mapped {label}"))
    write_parquet(folder / CASES, case_table([{"model": place.name, **row} for row in rows]))
    write_parquet(folder / SHARES, shares["table"].with_columns(pl.lit(place.name).alias("model")))
    telling = {
        (name, truth.name): [bool(value) for value in getattr(truth, what)(model.spec)]
        for name, what in (("series", "channels"), ("table", "fields"))
        if getattr(model.spec.modalities, name) is not None
        for truth in truths
    }
    record = {"name": place.name, "recovered": shares["recovered"], "held_out": len(model.items), "weights": weights}
    record["telling"] = {"/".join(key): value for key, value in telling.items()}
    record["on_film"] = [truth.name for truth in truths if truth.is_on_film]
    record["chosen"] = {label: len(found) for label, found in chosen.items()}
    write_json(folder / RECORD, record)
    return folder


def _shares(
    model: HeldOutModel, truths: Sequence[LabelTruth], resamples: int
) -> tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray]:
    """What coalitions say: Spearman's correlations and shares, the scores of the cases, labels and priors."""
    priors, labels = model.priors(truths), model.labels(truths)
    worth = modality_worth(model.network, model.batches(), truths, priors)
    truth = share_table(list(truths), worth.modalities)
    own, best = alone(worth, labels), best_table(list(truths), worth.modalities)
    read, several = reads(own, best), len(worth.modalities) > 1
    found = recovered(worth, labels, truth, read, model.subjects(), resamples=resamples) if several else {}
    rows = [
        {
            "statistic": statistic,
            "label": one.name,
            "modality": name,
            "truth": truth[row, column],
            "value": float(one_found.values[row, column]),
            "alone": float(own[row, column]),
            "best": float(best[row, column]),
            "read": bool(read[row, column]),
        }
        for statistic, one_found in found.items()
        for row, one in enumerate(truths)
        for column, name in enumerate(worth.modalities)
    ]
    schema: dict[str, Any] = {"statistic": pl.String, "label": pl.String, "modality": pl.String, "truth": pl.Float64}
    schema |= {"value": pl.Float64, "alone": pl.Float64, "best": pl.Float64, "read": pl.Boolean}
    table = pl.DataFrame(rows, schema=schema)
    told = {
        name: {**one.over_all.as_dict(), "read": one.over_read.as_dict(), "pairs_read": int(read.sum())}
        for name, one in found.items()
    }
    return {"table": table, "recovered": told}, worth.scores[:, -1], labels, priors


def _write(
    folder: Path,
    cohort: str,
    plan: Plan,
    done: Sequence[Path],
    refused: Mapping[str, str],
    marker: Sequence[Mapping[str, Any]],
    resamples: int,
) -> dict[str, Any]:
    """Tables, record and report of all models."""
    records = [read_json(place / RECORD) for place in done]
    cases = pl.concat([pl.read_parquet(place / CASES) for place in done])
    shares = pl.concat([pl.read_parquet(place / SHARES) for place in done])
    telling = {
        (key.split("/")[0], key.split("/")[1]): np.array(value)
        for record in records
        for key, value in record["telling"].items()
    }
    on_film = {label for record in records for label in record["on_film"]}
    rows = case_means(cases, on_film=on_film, resamples=resamples)
    rows += feature_rankings(cases, telling, resamples=resamples)
    results = result_table(rows)
    recovered_by = {record["name"]: record["recovered"] for record in records}
    write_parquet(folder / CASES, cases)
    write_parquet(folder / SHARES, shares)
    write_parquet(folder / RESULTS, results)
    write_csv(folder / "results.csv", results)
    made: dict[str, Any] = {
        "cohort": cohort,
        "models": [record["name"] for record in records],
        "held_out": {record["name"]: record["held_out"] for record in records},
        "refused": dict(refused),
        "cases_per_label": plan.cases,
        "methods": [method.value for method in plan.methods],
        "recovered": recovered_by,
        "marker": list(marker),
    }
    write_json(folder / RECORD, made)
    attribution_page(AttributionFacts(**made), results, shares).write(folder / REPORT)
    return made
