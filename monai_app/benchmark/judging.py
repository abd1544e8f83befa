"""Judging trained systems under every condition: rows of numbers, one parquet file a condition, resumable."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from monai_app.benchmark.conditions import CLEAN, Batches, Condition, Kind, conditioned_items, prepared
from monai_app.benchmark.models import TrainedSystem
from monai_app.benchmark.scoring import score
from monai_app.benchmark.training import training_seconds
from monai_app.cohort.normalisation import fit_statistics
from monai_app.core.atomic import content_hash
from monai_app.core.tables import write_parquet
from monai_app.engines.build import model_items
from monai_app.engines.calibration_maps import Method
from monai_app.engines.identity import identity
from monai_app.engines.posthoc import fit_calibration
from monai_app.engines.predictions import Predictions

SCHEMA = {
    "system": pl.String,
    "seed": pl.Int64,
    "kind": pl.String,
    "modality": pl.String,
    "fault": pl.String,
    "severity": pl.Int64,
    "samples": pl.Int64,
    "task": pl.String,
    "label": pl.String,
    "metric": pl.String,
    "value": pl.Float64,
}
"""Columns of results.parquet; ``value`` is null where a metric is undefined."""

WEIGHTS_SCHEMA = {
    "system": pl.String,
    "seed": pl.Int64,
    "modality": pl.String,
    "fault": pl.String,
    "severity": pl.Int64,
    "quality": pl.Float64,
    "weight": pl.Float64,
}
"""How much a system used a modality of each sample that has it, beside the modality's known quality."""

SITE = "site"
"""Kind of the rows that judge the clean samples of one site only."""


class Judge:
    """Judges systems under one condition after the other.

    Args:
        systems: opened runs; their specs, items and tasks must be alike.
        folder: where each condition's rows are kept.
        seed: of the faults' draws.
        cache_dir: keeps decoded films.
    """

    def __init__(
        self,
        systems: Sequence[TrainedSystem],
        folder: str | Path,
        *,
        seed: int = 0,
        cache_dir: str | None = None,
    ) -> None:
        self.systems, self.folder = systems, Path(folder)
        self.seed, self.cache_dir = seed, cache_dir
        self._batches: dict[str, Batches] = {}
        self._statistics: dict[str, dict[str, np.ndarray]] = {}
        self.tuning = {id(system): self._predict(system, CLEAN, tuning=True)[1] for system in systems}
        self.scaling = {
            key: fit_calibration(predictions, Method.TEMPERATURE, {}) for key, predictions in self.tuning.items()
        }

    def judge(self, condition: Condition) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows and weights of a condition: read where these very models were judged before, else made and kept."""
        about = [condition.slug, self.seed, [[system.run.system.name, system.digest] for system in self.systems]]
        stem = f"{condition.slug}-{content_hash(about)[:12]}"
        paths = self.folder / f"{stem}.weights.parquet", self.folder / f"{stem}.parquet"
        if not paths[1].is_file():
            self._batches.clear()
            self._weights: list[tuple[Any, ...]] = []
            rows = [row for system in self.systems for row in self._rows(system, condition)]
            write_parquet(paths[0], pl.DataFrame(self._weights, schema=WEIGHTS_SCHEMA, orient="row"))
            write_parquet(paths[1], pl.DataFrame(rows, schema=SCHEMA, orient="row"))
        return pl.read_parquet(paths[1]), pl.read_parquet(paths[0])

    def clean_predictions(self) -> dict[tuple[str, int], Predictions]:
        """What each system said of the held-out samples as they are."""
        return {(system.run.system.name, system.run.seed): self._predict(system, CLEAN)[1] for system in self.systems}

    def _predict(
        self, system: TrainedSystem, condition: Condition, *, tuning: bool = False
    ) -> tuple[int, Predictions, dict[str, Any], float]:
        """Number of samples, predictions, what else was said, and seconds a sample of the network alone."""
        items = conditioned_items(system.tuning_items if tuning else system.items, condition, system.spec)
        batches = None
        if system.network is not None:
            key = f"{identity(system.preprocessing)} {condition.slug} {system.cohort_dir} {tuning}"
            if key not in self._batches:
                self._batches[key] = prepared(
                    items,
                    system.preprocessing,
                    condition,
                    system.spec,
                    self._train_statistics(system),
                    seed=self.seed,
                    cache_dir=self.cache_dir,
                )
            batches = self._batches[key]
        started = time.perf_counter()
        made, extras = system.predict(items, batches)
        return len(items), made, dict(extras), (time.perf_counter() - started) / max(1, len(items))

    def _train_statistics(self, system: TrainedSystem) -> dict[str, np.ndarray]:
        """Of the train items of the system's cohort, for faults that are relative to a spread."""
        if system.cohort_dir not in self._statistics:
            items = model_items(system.cohort_dir, "train", system.spec)
            self._statistics[system.cohort_dir] = dict(fit_statistics(items, system.spec))
        return self._statistics[system.cohort_dir]

    def _rows(self, system: TrainedSystem, condition: Condition) -> Iterator[tuple[Any, ...]]:
        if system.network is None and condition.kind is Kind.FAULT:
            return  # trees read records and films themselves: unmeasured, and not called robust
        if not conditioned_items(system.items, condition, system.spec):
            return  # nobody has these modalities
        count, test, extras, seconds = self._predict(system, condition)
        yield from self._scores(system, condition, test, condition.kind.value)
        where = (system.run.system.name, system.run.seed, condition.kind.value, condition.modality)
        where = (*where, condition.fault, condition.severity, count)  # type: ignore[assignment]
        if test.weights is not None:
            yield from self._used(where, condition, test, test.weights)
        for name in ("variance", "corruption_logits", "fused_epistemic"):
            if name in extras:
                yield from self._said(where, test, name, extras[name])
        if condition.kind is Kind.CLEAN:
            yield (*where, "", "", "inference_seconds", seconds)
            yield (*where, "", "", "training_seconds", training_seconds(system.run))
            yield (*where, "", "", "parameters", float(system.parameters))
            for site, kept in sites(test):
                yield from self._scores(system, Condition(Kind.CLEAN, fault=site), test.take(kept), SITE)

    def _used(
        self, where: tuple[Any, ...], condition: Condition, test: Predictions, weights: np.ndarray
    ) -> Iterator[tuple[Any, ...]]:
        for m, name in enumerate(test.modalities):
            used = weights[test.present[:, m], m]
            if not used.size:
                continue
            yield (*where, "", name, "weight", float(used.mean()))
            if condition.kind is Kind.CLEAN or (condition.kind is Kind.FAULT and condition.modality == name):
                about = (*where[:2], name, condition.fault, condition.severity, condition.quality)
                self._weights += [(*about, float(value)) for value in used]

    @staticmethod
    def _said(where: tuple[Any, ...], test: Predictions, name: str, values: np.ndarray) -> Iterator[tuple[Any, ...]]:
        if values.ndim == 1:
            yield (*where, "", "", name, float(values.mean()))
            return
        for m, modality in enumerate(test.modalities):
            there = test.present[:, m]
            if there.any():
                yield (*where, "", modality, name, float(values[there, m].mean()))

    def _scores(
        self, system: TrainedSystem, condition: Condition, test: Predictions, kind: str
    ) -> Iterator[tuple[Any, ...]]:
        calibrated = self.scaling[id(system)].apply(test)
        for row in score(test, self.tuning[id(system)], calibrated):
            yield (
                system.run.system.name, system.run.seed, kind, condition.modality, condition.fault,
                condition.severity, len(test), row.task, row.label, row.metric, row.value,
            )  # fmt: skip


def sites(test: Predictions) -> list[tuple[str, np.ndarray]]:
    """The samples of each site, where the cohort knows sites; those with fewer than 20 samples are left out."""
    values = test.groups.get("site")
    if values is None:
        return []
    masks = [(str(site), values == site) for site in sorted(set(values.tolist())) if site != ""]
    return [(site, mask) for site, mask in masks if mask.sum() >= 20]


def judge_all(
    judge: Judge, conditions: Sequence[Condition], on_done: Callable[[Condition], None] = lambda _: None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows and weights of all conditions."""
    rows, weights = [], []
    for condition in conditions:
        row, weight = judge.judge(condition)
        rows.append(row)
        weights.append(weight)
        on_done(condition)
    return pl.concat(rows), pl.concat(weights)
