"""Comparisons, against cases computed by hand."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from monai_app.benchmark.compare import (
    by_system,
    clean,
    drops_by_modality,
    holm,
    mean_drop,
    paired_tests,
    reliability_correlation,
    spearman,
    summary,
)
from monai_app.benchmark.judging import SCHEMA, WEIGHTS_SCHEMA


def row(system: str, seed: int, kind: str, modality: str, fault: str, severity: int, task: str, value: float) -> tuple:
    return (system, seed, kind, modality, fault, severity, 10, task, "mean", "auroc", value)


@pytest.fixture
def results() -> pl.DataFrame:
    rows = [row("early", seed, "clean", "", "", 0, task, 0.8) for seed in (0, 1) for task in ("a", "b")]
    rows += [row("early", 0, "fault", "film", "jpeg", s, "a", v) for s, v in ((1, 0.8), (5, 0.4))]
    rows += [row("early", 0, "fault", "note", "typos", 5, "a", 0.6)]
    rows += [row("draf", seed, "clean", "", "", 0, "a", value) for seed, value in ((0, 0.9), (1, 0.7))]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def test_drops_are_percent_of_clean_and_modalities_weigh_the_same(results: pl.DataFrame) -> None:
    by_modality = dict(drops_by_modality(results).select("modality", "value").iter_rows())
    assert by_modality == pytest.approx({"film": 25.0, "note": 25.0})
    assert mean_drop(results)["value"].to_list() == pytest.approx([25.0])


def test_mean_and_spread_are_over_seeds(results: pl.DataFrame) -> None:
    found = by_system(clean(results, "auroc"), ["draf", "early"])
    assert found["draf"] == pytest.approx((0.8, np.std([0.9, 0.7], ddof=1)))
    assert found["early"] == pytest.approx((0.8, 0.0))
    assert list(found) == ["draf", "early"]


def test_holm_by_hand() -> None:
    np.testing.assert_allclose(holm(np.array([0.01, 0.04, 0.03, 0.005])), [0.03, 0.06, 0.06, 0.02])
    np.testing.assert_allclose(holm(np.array([0.5, np.nan, 0.9])), [1.0, np.nan, 1.0])


def test_paired_tests_pair_by_seed() -> None:
    rows = [("early", s, v) for s, v in enumerate((0.5, 0.6, 0.7))]
    rows += [("better", s, v) for s, v in ((2, 0.82), (0, 0.61), (1, 0.72))]
    table = pl.DataFrame(rows, schema=["system", "seed", "value"], orient="row")
    difference, p = paired_tests(table, "early")["better"]
    assert difference == pytest.approx(0.35 / 3)
    assert p < 0.01


def test_a_constant_difference_or_a_missing_seed_has_no_p() -> None:
    rows = [("early", 0, 0.5), ("early", 1, 0.5), ("same", 0, 0.6), ("same", 1, 0.6), ("less", 0, 0.9)]
    found = paired_tests(pl.DataFrame(rows, schema=["system", "seed", "value"], orient="row"), "early")
    assert np.isnan(found["same"][1]) and np.isnan(found["less"][1])


def test_weights_that_follow_quality_correlate_fully_and_constant_ones_not() -> None:
    rows = [("draf", 0, "film", fault, severity, 1 - severity / 5, 0.5 - severity / 20)
            for fault, severity in (("", 0), ("jpeg", 1), ("jpeg", 5), ("noise", 3))]  # fmt: skip
    rows += [("late", 0, "film", fault, severity, 1 - severity / 5, 0.5) for fault, severity in (("", 0), ("jpeg", 5))]
    found = reliability_correlation(pl.DataFrame(rows, schema=WEIGHTS_SCHEMA, orient="row"))
    values = {(system, fault): value for system, _, _, fault, value in found.iter_rows()}
    assert values["draf", "all"] == pytest.approx(1.0)
    assert set(values) == {("draf", "jpeg"), ("draf", "noise"), ("draf", "all"), ("late", "jpeg"), ("late", "all")}
    assert values["late", "all"] == 0.0
    assert spearman(np.array([3.0, 2.0, 1.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(-1.0)


def test_an_undefined_seed_has_no_p_and_does_not_count_in_the_mean() -> None:
    rows = [("early", 0, 0.5), ("early", 1, 0.6), ("late", 0, 0.7), ("late", 1, None), ("haim", 0, None)]
    table = pl.DataFrame(rows, schema={"system": pl.String, "seed": pl.Int64, "value": pl.Float64}, orient="row")
    found = paired_tests(table, "early")
    assert found["late"][0] == pytest.approx(0.2) and np.isnan(found["late"][1])
    assert by_system(table, ["late", "haim"]) == {"late": (0.7, None)}


def test_of_nothing_no_percent_is_lost() -> None:
    rows = [row("early", 0, "clean", "", "", 0, "a", 0.0), row("early", 0, "fault", "film", "jpeg", 5, "a", 0.5)]
    rows += [row("early", 1, "clean", "", "", 0, "a", 0.8), row("early", 1, "fault", "film", "jpeg", 5, "a", 0.6)]
    assert mean_drop(pl.DataFrame(rows, schema=SCHEMA, orient="row"))["value"].to_list() == [None, pytest.approx(25.0)]


def test_the_summary_is_over_seeds_and_leaves_out_what_is_undefined(results: pl.DataFrame) -> None:
    undefined = pl.DataFrame([(*row("draf", 2, "clean", "", "", 0, "a", 0.0)[:-1], None)], schema=SCHEMA, orient="row")
    found = summary(pl.concat([results, undefined])).filter((pl.col("system") == "draf") & (pl.col("kind") == "clean"))
    assert found.select("mean", "std", "seeds").row(0) == (0.8, pytest.approx(0.1414), 2)
