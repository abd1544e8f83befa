"""Judging: complete, kept on disk, and silent about what was not measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from monai_app.benchmark.conditions import CLEAN, Condition, Kind
from monai_app.benchmark.judging import SCHEMA, SITE, WEIGHTS_SCHEMA, Judge, judge_all, sites
from monai_app.benchmark.scoring import MEAN
from tests.benchmark.conftest import SYSTEMS, TASKS, Bench
from tests.benchmark.test_models import opened
from tests.engines.simulated import simulated


@pytest.fixture(scope="module")
def results(bench: Bench) -> pl.DataFrame:
    return pl.read_parquet(bench.out / "results.parquet")


def test_tables_have_their_columns(bench: Bench, results: pl.DataFrame) -> None:
    weights = pl.read_parquet(bench.out / "weights.parquet")
    assert dict(results.schema) == SCHEMA and dict(weights.schema) == WEIGHTS_SCHEMA


def test_trees_are_not_called_robust_to_faults_that_never_reach_them(results: pl.DataFrame) -> None:
    judged = {name: set(part["kind"]) for (name,), part in results.group_by("system")}
    assert {name: kinds - {SITE} for name, kinds in judged.items()} == {
        "early": {"clean", "fault", "missing"},
        "draf": {"clean", "fault", "missing"},
        "haim": {"clean", "missing"},
    }


def test_every_system_seed_and_task_is_judged_under_every_condition(results: pl.DataFrame) -> None:
    found = results.filter((pl.col("metric") == "auroc") & (pl.col("label") == MEAN) & (pl.col("kind") != SITE))
    conditions = found.select("kind", "modality", "fault", "severity").unique().height
    networks = found.filter(pl.col("system") != "haim")
    assert networks.height == 2 * 2 * len(TASKS) * conditions
    assert set(found["system"]) == set(SYSTEMS) and not found.select(pl.exclude("value")).is_duplicated().any()


def test_missing_modalities_change_what_every_system_says(results: pl.DataFrame) -> None:
    brier = results.filter((pl.col("metric") == "brier") & (pl.col("label") == MEAN))
    for (name,), part in brier.group_by("system"):
        clean, missing = (set(part.filter(pl.col("kind") == kind)["value"]) for kind in ("clean", "missing"))
        assert not clean & missing, name


def test_a_weight_a_sample_that_has_the_modality(bench: Bench) -> None:
    weights = pl.read_parquet(bench.out / "weights.parquet")
    films = sum(bool(item["film_present"]) for item in opened(bench, "draf").items)
    clean = weights.filter((pl.col("fault") == "") & (pl.col("modality") == "film"))
    assert clean.group_by("system", "seed").len()["len"].to_list() == [films] * 2
    assert clean["weight"].is_between(0, 1).all() and set(clean["quality"]) == {1.0}


def test_a_condition_is_judged_once(bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    judge = Judge([opened(bench, "early")], tmp_path)
    first = judge.judge(CLEAN)
    monkeypatch.setattr(Judge, "_rows", lambda *_: pytest.fail("judged again"))
    for made, kept in zip(first, judge.judge(CLEAN), strict=True):
        assert made.equals(kept)


def test_a_pattern_that_nobody_has_gives_no_rows(bench: Bench, tmp_path: Path) -> None:
    system = opened(bench, "early")
    system.items = [{**item, "film_present": False} for item in system.items]
    done: list[Condition] = []
    conditions = [Condition(Kind.MISSING, name) for name in ("film", "table")]
    rows, _ = judge_all(Judge([system], tmp_path), conditions, done.append)
    assert set(rows["modality"]) == {"table"} and done == conditions


def test_small_and_unknown_sites_are_left_out() -> None:
    made = simulated(60, tasks=("mortality",))
    made.groups["site"] = np.array(["a"] * 30 + ["b"] * 10 + [""] * 20)  # type: ignore[index]
    ((name, mask),) = sites(made)
    assert name == "a" and mask.nonzero()[0].tolist() == list(range(30))
    assert sites(simulated(60)) == []
