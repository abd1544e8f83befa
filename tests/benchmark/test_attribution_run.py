"""The benchmark on models of the fusion benchmark's own test: the whole way, and on again after a stop."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from monai_app.benchmark.attribution_models import ModelPlace, open_model
from monai_app.benchmark.attribution_run import benchmark_attribution
from monai_app.benchmark.profiles import NETWORK, Profile
from monai_app.core.errors import InputRejected
from tests.benchmark.conftest import SETTINGS, Bench

BUNDLE = "multimodal_diagnosis"
OPTIONS: dict[str, Any] = {
    "methods": ["occlusion", "integrated_gradients", "grad_cam"],
    "cases": 1,
    "faithful": 1,
    "resamples": 20,
}


def _settings() -> dict[str, Any]:
    return {**NETWORK[Profile.SMALL], **SETTINGS, "tasks": ["mortality", "diagnosis"]}


def _models(bench: Bench, *names: str) -> list[str]:
    return [f"{name}={bench.out / 'models' / name / 'seed0'}" for name in names]


@pytest.fixture(scope="module")
def run(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], list[str]]:
    out, stages = tmp_path_factory.mktemp("attribution"), list[str]()
    record = benchmark_attribution(
        BUNDLE,
        bench.cohort,
        out,
        models=_models(bench, "early", "haim"),
        settings=_settings(),
        on_stage=stages.append,
        **OPTIONS,
    )
    return out, record, stages


def test_every_output_is_written_and_trees_are_refused(run: tuple[Path, dict[str, Any], list[str]]) -> None:
    out, record, _ = run
    names = {"report.html", "results.csv", "results.parquet", "cases.parquet", "shares.parquet", "attribution.json"}
    assert names <= {path.name for path in out.iterdir()}
    assert record["models"] == ["early"] and record["refused"] == {"haim": "EXPLAIN_UNSUPPORTED"}
    shown = (out / "report.html").read_text()
    assert "Which modality carries which label" in shown and "haim" in shown


def test_shares_of_every_label_and_modality_add_up(run: tuple[Path, dict[str, Any], list[str]]) -> None:
    out, record, _ = run
    shares = pl.read_parquet(out / "shares.parquet").filter(pl.col("statistic") == "variance of Shapley")
    sums = shares.group_by("label").agg(pl.col("value").sum())["value"]
    assert len(sums) == 8 and sums.is_between(0.999, 1.001).all()
    assert set(record["recovered"]["early"]) >= {"variance of Shapley", "log loss without it"}


def test_maps_are_scored_beside_chance_and_both_baselines(run: tuple[Path, dict[str, Any], list[str]]) -> None:
    out, _, _ = run
    cases = pl.read_parquet(out / "cases.parquet")
    films = cases.filter(pl.col("measure") == "hit")
    assert set(films["baseline"]) == {"blurred film", "mean film"}
    assert "grad_cam" not in set(films["method"])  # fixed statistics have no feature map
    assert films["chance"].is_between(0, 1, closed="none").all()
    assert {"infidelity", "completeness gap", "word AUROC", "worth"} <= set(cases["measure"])
    assert cases.filter(pl.col("measure") == "worth")["feature"].is_not_null().all()


def test_a_second_run_measures_nothing_again(bench: Bench, run: tuple[Path, dict[str, Any], list[str]]) -> None:
    out, record, _ = run
    stages: list[str] = []
    again = benchmark_attribution(
        BUNDLE,
        bench.cohort,
        out,
        models=_models(bench, "early", "haim"),
        settings=_settings(),
        on_stage=stages.append,
        **OPTIONS,
    )
    assert "early: measured before" in stages and not any("mapped" in stage for stage in stages)
    assert again == record


def test_trees_alone_are_refused(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="NO_MODELS"):
        benchmark_attribution(BUNDLE, bench.cohort, tmp_path, models=_models(bench, "haim"), settings=_settings())


def test_baselines_are_those_of_the_train_split(bench: Bench) -> None:
    place = ModelPlace("early", "early", bench.out / "models" / "early" / "seed0")
    model = open_model(BUNDLE, bench.cohort, place, _settings())
    assert model.baselines.source == "the train median"
    assert len(model.labels([])) == 0 and not any(
        item["subject_id"] in {i["subject_id"] for i in model.train} for item in model.items
    )
