from __future__ import annotations

from monai_app.engines.volumes.evaluation import summarise
from monai_app.engines.volumes.report import build_page
from tests.engines.volumes.test_evaluation import TABLE


def test_without_draws_and_familiarity_their_sections_are_left_out() -> None:
    results = {"title": "Balls", "draws": 0, **summarise(TABLE, ("one",), bootstrap=0, seed=0), "unfamiliar": None}
    titles = [section.title for section in build_page(TABLE, results).sections]
    assert titles == ["Structures", "Volumes", "Cases", "How to read this"]


def test_a_structure_that_no_volume_has_is_a_dash() -> None:
    empty = TABLE.filter(TABLE["structure"] == "two").with_columns(dice=None, assd_mm=None, hd95_mm=None)
    results = {"title": "Balls", "draws": 0, **summarise(empty.cast(TABLE.schema), ("two",), bootstrap=5, seed=0)}
    assert results["mean"]["dice"]["value"] is None
    assert "–" in build_page(empty.cast(TABLE.schema), results).render()
