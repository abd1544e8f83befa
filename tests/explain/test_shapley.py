"""The axioms of Shapley values, on games whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.explain.shapley import interactions, shapley_values

RANDOM = np.random.default_rng(0).normal(size=16)


def test_values_add_up_to_what_all_gain_over_none() -> None:
    assert shapley_values(RANDOM).sum() == pytest.approx(RANDOM[-1] - RANDOM[0])


def test_several_games_are_each_solved() -> None:
    games = np.stack([RANDOM, 2 * RANDOM - 1], axis=1)
    np.testing.assert_allclose(shapley_values(games), np.stack([shapley_values(RANDOM), 2 * shapley_values(RANDOM)], 1))


def test_equal_players_get_equal_values() -> None:
    by_size = np.array([0.0, 1.0, 1.5, 4.0, 5.0])
    values = np.array([by_size[index.bit_count()] for index in range(16)])
    np.testing.assert_allclose(shapley_values(values), 1.25)


def test_dummy_gets_nothing_and_meets_nobody() -> None:
    values = np.array([RANDOM[index & 0b0111] for index in range(16)])
    assert shapley_values(values)[3] == pytest.approx(0)
    np.testing.assert_allclose(interactions(values)[3], 0, atol=1e-12)


def test_additive_game_is_its_own_answer_without_interactions() -> None:
    worth = np.array([1.0, -2.0, 0.5])
    values = np.array([sum(worth[i] for i in range(3) if index >> i & 1) for index in range(8)])
    np.testing.assert_allclose(shapley_values(values), worth)
    np.testing.assert_allclose(interactions(values), 0, atol=1e-12)


def test_two_that_only_work_together_interact_by_all_they_gain() -> None:
    values = np.array([0.0, 0.0, 0.0, 1.0])
    np.testing.assert_allclose(shapley_values(values), 0.5)
    np.testing.assert_allclose(interactions(values), [[0, 1], [1, 0]])
