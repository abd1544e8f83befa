"""Which cases are chosen, and which method maps what; the maps themselves are made in test_attribution_run.py."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from monai_app.benchmark import attribution_cases
from monai_app.benchmark.attribution_cases import BLURRED, MEAN, OWN, _baselines, _makes, chosen_cases
from monai_app.explain.methods import Method

SCORES = np.array([1.0, -1.0, 2.0, 0.5])


def _model(*, film: bool) -> Any:
    items = [{"subject_id": 10 + row, "film_present": row != 0} for row in range(4)]
    return SimpleNamespace(items=items, spec=SimpleNamespace(modalities=SimpleNamespace(film=film or None)))


TRUTH: Any = SimpleNamespace(region="effusion", target=SimpleNamespace(shown=lambda score: score))


@pytest.fixture
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    corner = np.zeros((4, 4), bool)
    corner[0, 0] = True
    monkeypatch.setattr(attribution_cases, "film_regions", lambda *_: {"effusion": corner})


@pytest.mark.usefixtures("region")
def test_cases_have_the_label_and_show_it_and_know_whether_they_are_called() -> None:
    labels = np.array([1.0, 1.0, 0.0, 1.0])
    found = chosen_cases(_model(film=True), "c", TRUTH, labels, SCORES, prior=0.0, count=5)
    assert [(case.subject_id, case.called) for case in found] == [(11, False), (13, True)]  # 10 has no film
    assert len(chosen_cases(_model(film=True), "c", TRUTH, labels, SCORES, prior=0.0, count=1)) == 1


def test_models_without_films_take_all_who_have_the_label() -> None:
    found = chosen_cases(_model(film=False), "c", TRUTH, np.ones(4), SCORES, prior=0.0, count=5)
    assert [case.subject_id for case in found] == [10, 11, 12, 13]
    assert all(case.region is None for case in found)


def test_films_are_compared_with_two_baselines_and_values_with_their_own() -> None:
    mean = np.zeros((4, 4), np.float32)
    assert [name for name, _ in _baselines("film", mean)] == [BLURRED, MEAN]
    assert [name for name, _ in _baselines("film", None)] == [BLURRED]
    assert [name for name, _ in _baselines("series", mean)] == [OWN]


def test_feature_map_methods_are_made_once_and_of_films_only() -> None:
    case: Any = SimpleNamespace(feature_map=lambda name: object())
    bare: Any = SimpleNamespace(feature_map=lambda name: None)
    assert _makes(Method.HIRES_CAM, "film", case, BLURRED)
    assert not _makes(Method.HIRES_CAM, "film", case, MEAN)
    assert not _makes(Method.HIRES_CAM, "film", bare, BLURRED)
    assert not _makes(Method.GRAD_CAM, "series", case, OWN)
    assert _makes(Method.OCCLUSION, "film", bare, MEAN)
