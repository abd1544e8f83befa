"""Words and numbers of a report."""

from __future__ import annotations

import pytest

from monai_app.engines.report.style import capital, cell, metric_name, readable, series_colour, with_interval


@pytest.mark.parametrize(
    ("estimate", "text"),
    [
        ({"value": 0.8716, "low": 0.85, "high": 0.9}, "0.872 (0.850–0.900)"),
        ({"value": 0.5, "low": None, "high": None}, "0.500"),
        ({"value": None, "low": None, "high": None}, "undefined"),
    ],
)
def test_estimate_is_written_with_its_interval(estimate: dict, text: str) -> None:
    assert with_interval(estimate) == text
    assert cell(estimate) == tuple(estimate.values())


def test_missing_estimate_is_an_empty_cell() -> None:
    assert cell(None) == (None, None, None)


def test_names_are_written_as_the_field_does() -> None:
    assert (metric_name("auprc"), metric_name("own")) == ("AUPRC", "own")
    assert capital(readable("length_of_stay")) == "Length of stay"


def test_series_have_different_colours_until_they_are_grey() -> None:
    assert len({series_colour(index) for index in range(8)}) == 8
    assert series_colour(8) == series_colour(99)
