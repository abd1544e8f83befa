"""Which image counts as the film of a sample."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest

from monai_app.cohort.films import latest_films
from monai_app.cohort.spec import FilmSpec
from tests.faults.cohorts import PREDICTION


def film(*rows: tuple[float, str, str, str], spec: FilmSpec = FilmSpec()) -> list[str]:  # noqa: B008
    """Path of the chosen film; rows are (hours before prediction, path, modality, view)."""
    table = [(0, PREDICTION, PREDICTION - timedelta(hours=hours), path, kind, view) for hours, path, kind, view in rows]
    columns = ["sample", "prediction_time", "time", "path", "modality", "view"]
    return latest_films(pl.DataFrame(table, schema=columns, orient="row"), spec)["path"].to_list()


def test_the_latest_film_is_taken() -> None:
    assert film((5, "a", "CR", "AP"), (1, "b", "DX", "PA")) == ["b"]


def test_ties_are_broken_by_path() -> None:
    assert film((1, "b", "CR", "AP"), (1, "a", "CR", "AP")) == ["b"]


@pytest.mark.parametrize("view", ["LL", "lateral", "L", "Axial", "Coronal"])
def test_lateral_views_and_planes_are_no_films(view: str) -> None:
    assert film((1, "a", "CR", view)) == []


@pytest.mark.parametrize("view", ["AP", "PA", "AP Supine", ""])
def test_frontal_and_unknown_views_are(view: str) -> None:
    assert film((1, "a", "CR", view)) == ["a"]


def test_other_modalities_and_unasked_views_are_not() -> None:
    assert film((1, "a", "CT", "")) == []
    assert film((1, "a", "CR", "PA"), (2, "b", "CR", "AP"), spec=FilmSpec(views=("AP",))) == ["b"]


def test_an_old_film_lies_outside_the_window() -> None:
    assert film((25, "a", "CR", "AP"), spec=FilmSpec(hours=24)) == []
    assert film((24, "a", "CR", "AP"), spec=FilmSpec(hours=24)) == ["a"]
