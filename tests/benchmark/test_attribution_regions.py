"""Which films are held against a region, and that the maps of both networks reach the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

from monai_app.benchmark import attribution_regions
from monai_app.benchmark.attribution_regions import RANDOM, benchmark_regions, masked_films
from monai_app.benchmark.profiles import NETWORK, Profile
from monai_app.core.errors import InputRejected
from tests.benchmark.conftest import SETTINGS, Bench

LUNGS = "lung_left+lung_right"


def _model(*films: str) -> Any:
    items = [{"subject_id": row, "film": film, "film_present": bool(film)} for row, film in enumerate(films)]
    return SimpleNamespace(items=items, spec=SimpleNamespace(modalities=SimpleNamespace(film=True)))


@pytest.fixture
def visible(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def of(*films: str) -> None:
        corner = np.eye(4, dtype=bool)
        monkeypatch.setattr(
            attribution_regions, "visible_region", lambda _, __, item, ___: corner if item["film"] in films else None
        )

    return of


def test_every_film_with_a_mask_is_taken_once(visible: Callable[..., None]) -> None:
    visible("a", "c")
    model = _model("a", "b", "a", "", "c")
    assert list(masked_films(model, "cohort", "lungs", 9)) == [0, 4]
    assert list(masked_films(model, "cohort", "lungs", 1)) == [0]


def test_no_mask_and_no_film_are_refused(visible: Callable[..., None]) -> None:
    visible()
    with pytest.raises(InputRejected, match="NO_MASKS"):
        masked_films(_model("a"), "cohort", "lungs", 9)
    blind: Any = SimpleNamespace(spec=SimpleNamespace(modalities=SimpleNamespace(film=None)))
    with pytest.raises(InputRejected, match="EXPLAIN_UNSUPPORTED"):
        masked_films(blind, "cohort", "lungs", 9)


def test_maps_of_trained_and_random_weights_are_scored_against_the_region(bench: Bench, tmp_path: Path) -> None:
    stages: list[str] = []

    def run() -> dict[str, Any]:
        return benchmark_regions(
            "multimodal_diagnosis",
            bench.cohort,
            tmp_path,
            region=LUNGS,
            labels=["mortality"],
            all_splits=True,
            models=[f"early={bench.out / 'models' / 'early' / 'seed0'}"],
            methods=["occlusion"],
            cases=2,
            faithful=0,
            settings={**NETWORK[Profile.SMALL], **SETTINGS, "tasks": ["mortality", "diagnosis"]},
            resamples=20,
            on_stage=stages.append,
        )

    record = run()
    assert record["films"] == {"early": 2} and record["region"] == LUNGS
    cases = pl.read_parquet(tmp_path / "cases.parquet")
    assert set(cases["model"]) == {"early", f"early, {RANDOM}"} and set(cases["modality"]) == {"film"}
    assert cases["chance"].drop_nulls().is_between(0.05, 1).all()
    assert LUNGS in (tmp_path / "report.html").read_text()
    assert run() == record and "early: measured before" in stages
