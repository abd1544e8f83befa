from __future__ import annotations

import polars as pl
import pytest

from monai_app.engines.volumes.case_table import SCHEMA
from monai_app.engines.volumes.evaluation import summarise
from monai_app.engines.volumes.report import build_page

TABLE = pl.DataFrame(
    [
        {
            "case": f"p{k}",
            "structure": name,
            "dice": dice,
            "assd_mm": None if dice == 0 else 1.0,
            "hd95_mm": None if dice == 0 else 2.0,
            "volume_ml": 1.0 + k,
            "reference_ml": 2.0 + k,
            "volume_sd_ml": 0.1,
            "entropy": 1 - (dice or 0),
            "confidence": 0.9,
            "distance": 1.0,
            "unfamiliar": k == 0,
        }
        for k, values in enumerate([(0.8, 0.6), (0.9, 0.0), (0.7, None)])
        for name, dice in zip(("one", "two"), values, strict=True)
    ],
    schema=SCHEMA,
)


def test_means_are_over_the_volumes_that_have_a_structure() -> None:
    found = summarise(TABLE, ("one", "two"), bootstrap=50, seed=0)
    one, two = found["structures"]["one"], found["structures"]["two"]
    assert one["dice"]["value"] == pytest.approx(0.8) and one["n"] == 3
    assert one["dice"]["low"] <= 0.8 <= one["dice"]["high"]
    assert (two["dice"]["value"], two["n"], two["missed"]) == (pytest.approx(0.3), 2, 1)
    assert found["mean"]["dice"]["value"] == pytest.approx(0.55)
    assert found["unfamiliar"] == 1 and one["volume_bias_ml"] == pytest.approx(-1)


def test_entropy_that_rises_as_dice_falls_is_known() -> None:
    found = summarise(TABLE, ("one",), bootstrap=0, seed=0)
    assert found["structures"]["one"]["entropy_dice_correlation"] == pytest.approx(-1)


def test_intervals_follow_from_the_seed_and_not_from_the_order() -> None:
    one = summarise(TABLE, ("one", "two"), bootstrap=50, seed=1)
    assert one == summarise(TABLE, ("one", "two"), bootstrap=50, seed=1)


def test_the_page_shows_every_structure_and_case() -> None:
    results = {"title": "Balls", "draws": 2, **summarise(TABLE, ("one", "two"), bootstrap=20, seed=0)}
    page = build_page(TABLE, results).render()
    for text in ("Balls", "One", "Two", "p2", "HD95", "1 of 3 volumes were called unfamiliar"):
        assert text in page
