"""The curves of a map that knows the model are better than chance; of one that is turned around, worse."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.case import OpenCase
from monai_app.explain.faithfulness import faithfulness, ranked, scores_without, shuffled
from monai_app.explain.methods import Method, attribute


def made(case: OpenCase, name: str) -> AttributionMap:
    return attribute(case, case.view(name), Method.INTEGRATED_GRADIENTS)


@pytest.mark.parametrize("name", ["film", "series"])
def test_true_map_beats_chance_and_its_reverse_does_not(
    case: OpenCase, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monai_app.explain.faithfulness.LEAST_CHANGE", 1e-3)
    view, found = case.view(name), made(case, name)
    good = faithfulness(case, view, found)
    bad = faithfulness(case, view, replace(found, values=-found.values))
    assert good.beats_chance is True and bad.beats_chance is False
    assert good.deletion is not None and bad.deletion is not None and good.deletion < bad.deletion
    assert good.insertion is not None and bad.insertion is not None and good.insertion > bad.insertion


def test_ends_of_the_curves_are_case_and_baseline(case: OpenCase) -> None:
    view, found = case.view("note"), made(case, "note")
    ends = scores_without(case, view, [np.array([], np.int64), ranked(found)])
    assert ends.tolist() == pytest.approx([found.score, found.baseline_score], abs=1e-5)


def test_order_is_by_what_moved_the_score_its_way(case: OpenCase) -> None:
    values = np.array([3.0, -2.0, 9.0], np.float32)
    features = np.array([True, True, False])
    rising = AttributionMap("table", "m", values, 1.0, 0.0, "b", 1, features)
    assert ranked(rising).tolist() == [0, 1]
    assert ranked(replace(rising, score=-1.0)).tolist() == [1, 0]


def test_words_and_values_are_comprehensive_and_films_are_not_asked(case: OpenCase) -> None:
    note = faithfulness(case, case.view("note"), made(case, "note"))
    film = faithfulness(case, case.view("film"), made(case, "film"))
    assert note.comprehensiveness is not None and note.sufficiency is not None
    assert film.comprehensiveness is None and film.sufficiency is None


def test_a_tenth_of_few_features_is_one_of_them(case: OpenCase) -> None:
    view, found = case.view("table"), made(case, "table")
    first = scores_without(case, view, [ranked(found)[:1]])[0]
    assert faithfulness(case, view, found).without_tenth == pytest.approx(case.target.shown(float(first)), abs=1e-6)


def test_modality_that_moves_nothing_has_no_curve(case: OpenCase) -> None:
    found = made(case, "table")
    same = faithfulness(case, case.view("table"), replace(found, baseline_score=found.score))
    assert same.deletion is None and same.beats_chance is None


def test_entries_of_a_block_stay_together_in_the_order_of_the_map_and_in_random_order() -> None:
    values = np.array([[0.0, 3.0, 1.0, 1.0], [9.0, -9.0, 2.0, 2.0]], np.float32)
    blocks = np.array([[0, 0, 1, 1], [2, 2, 3, 3]])
    made = AttributionMap("volume", "any", values, 1.0, 0.0, "zero", 1, np.ones((2, 4), np.bool_))
    order = ranked(made, blocks)
    assert blocks.ravel()[order].tolist() == [3, 3, 0, 0, 1, 1, 2, 2]
    again = blocks.ravel()[shuffled(order, blocks, np.random.default_rng(1))]
    assert sorted(again.tolist()) == sorted(blocks.ravel().tolist())
    assert (again[::2] == again[1::2]).all()
