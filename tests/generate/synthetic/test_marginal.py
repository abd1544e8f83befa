from __future__ import annotations

import numpy as np
import pytest

from monai_app.generate.synthetic.marginal import Marginal, written_decimals

GENERATOR = np.random.default_rng(0)


def test_levels_are_drawn_as_often_as_they_are() -> None:
    column = np.repeat([0.0, 1.0, 4.0], [50, 30, 20])
    drawn = Marginal.fit(column).draw((np.arange(1000) + 0.5) / 1000)
    assert np.unique(drawn, return_counts=True)[1].tolist() == [500, 300, 200]


def test_what_few_patients_have_is_never_drawn() -> None:
    column = np.append(np.repeat([0.0, 1.0], 50), [7.0] * 4)
    assert 7.0 not in Marginal.fit(column).draw(np.linspace(0.001, 0.999, 999))
    many = np.append(GENERATOR.normal(0, 1, 500), [99.0, -99.0])
    drawn = Marginal.fit(many).draw(np.array([1e-9, 1 - 1e-9]))
    assert np.abs(drawn).max() < 5


def test_unit_undoes_draw_between_the_outermost_quantiles() -> None:
    marginal = Marginal.fit(GENERATOR.gamma(2, 1, 1000))
    uniform = np.linspace(0.02, 0.98, 50)
    np.testing.assert_allclose(marginal.unit(marginal.draw(uniform)), uniform, atol=1e-3)
    assert marginal.unit(np.array([np.nan])).tolist() == [0.5]


def test_scores_of_levels_are_the_means_of_their_intervals() -> None:
    scores = Marginal.fit(np.repeat([0.0, 1.0], [50, 50])).scores(np.array([0.0, 1.0, np.nan]))
    np.testing.assert_allclose(scores[:2], [-np.sqrt(2 / np.pi), np.sqrt(2 / np.pi)])
    assert np.isnan(scores[2])


@pytest.mark.parametrize(("values", "decimals"), [([1.0, 20.0], 0), ([7.35, 7.1], 2), ([np.pi], 4)])
def test_decimals_are_those_of_the_values_whatever_float32_does(values: list[float], decimals: int) -> None:
    assert written_decimals(np.array(values, np.float32).astype(np.float64)) == decimals


def test_a_column_that_nobody_has_is_nothing() -> None:
    assert Marginal.fit(np.full(5, np.nan)).draw(np.array([0.3])).tolist() == [0.0]
