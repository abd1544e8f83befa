"""Parts of the samples on the page: each pattern and group with its count, weights only where there are any."""

from __future__ import annotations

from dataclasses import replace

import pytest

from monai_app.core.page import Section
from monai_app.engines.evaluation import measure_predictions
from monai_app.engines.predictions import Predictions
from monai_app.engines.report.parts import groups_section, modalities_section, novelty_sentence
from tests.engines.simulated import simulated

TEST = simulated(120, tasks=("mortality",))


def numbers(test: Predictions = TEST) -> dict:
    return measure_predictions(test, tuning=None, title="t", bootstrap=5, seed=0)


@pytest.fixture(scope="module")
def results() -> dict:
    return numbers()


def html(section: Section) -> str:
    return "".join(section.blocks)


def test_every_pattern_is_a_row_with_its_share(results: dict) -> None:
    section = Section("x")
    modalities_section(section, results)
    for group in results["by_modalities_present"]:
        assert f">{group['name']}</td>" in html(section)
    assert "How much the model used" in html(section)


def test_without_weights_nothing_is_said_about_them() -> None:
    section = Section("x")
    modalities_section(section, numbers(replace(TEST, weights=None)))
    assert "How much the model used" not in html(section)


def test_every_group_is_counted(results: dict) -> None:
    section = Section("x")
    groups_section(section, results)
    for groups in results["by_group"].values():
        for group in groups:
            assert f">{group['name']}</td>" in html(section)


def test_sentence_counts_what_is_flagged_and_names_what_is_not_watched() -> None:
    watched = {"tokens": 3.0, "familiar_flagged": 0.015, "state": "fitted", "flagged": 1200}
    blind = {"tokens": None, "familiar_flagged": None, "state": "too few", "flagged": 0}
    text = novelty_sentence({"samples_flagged": 1201, "modalities": {"film": watched, "note": blind}})
    assert text.startswith("1,201 samples") and "(film 1,200)" in text and "up to 1.5%" in text
    assert text.endswith("Note: too few.")
    assert "expected" not in novelty_sentence({"samples_flagged": 0, "modalities": {"note": blind}})
