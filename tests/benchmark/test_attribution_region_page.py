"""The page shows every model beside chance and the centre, and labels apart where there are several."""

from __future__ import annotations

import polars as pl
import pytest

from monai_app.benchmark.attribution_film import METRICS, PROCESSING
from monai_app.benchmark.attribution_region_page import RegionFacts, region_page
from monai_app.benchmark.attribution_summary import ALL_CASES, CALLED, EVERY, result_table

MODELS = ("shipped", "shipped, random weights")


def _results(*labels: str) -> pl.DataFrame:
    base = {"modality": "film", "method": "occlusion", "baseline": "mean film", "n": 31, "maps": 41}
    base |= {"low": 0.2, "high": 0.9, "chance": 0.27, "centre": 0.33}
    return result_table(
        [
            base
            | {"model": model, "measure": measure, "processing": processing, "label": label, "condition": condition}
            | {"value": value}
            for model, value in zip(MODELS, (0.61, 0.97), strict=True)
            for measure in METRICS
            for processing in PROCESSING
            for label in (EVERY, *labels)
            for condition in (ALL_CASES, CALLED)
        ]
    )


@pytest.fixture
def facts() -> RegionFacts:
    return RegionFacts("real", "lungs", {"shipped": 41}, ["occlusion"])


def test_the_page_has_n_controls_and_both_networks(facts: RegionFacts) -> None:
    shown = region_page(facts, _results("pneumonia")).render()
    for text in (*MODELS, "31 patients", "area 0.27", "0.61", "0.97", "the film&#39;s centre", "occlusion, mean film"):
        assert text in shown, text
    assert "by label" not in shown


def test_the_tile_is_of_the_model_and_not_of_random_weights(facts: RegionFacts) -> None:
    page = region_page(facts, _results("pneumonia"))
    assert page.tiles[1][1] == "0.61"


def test_several_labels_are_told_apart(facts: RegionFacts) -> None:
    shown = region_page(facts, _results("pleural_effusion", "pneumonia")).render()
    assert "by label" in shown and "pleural effusion" in shown
