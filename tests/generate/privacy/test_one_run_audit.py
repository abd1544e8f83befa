from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from monai_app.core.random import numpy_generator
from monai_app.generate.privacy.one_run_audit import audit, audit_p_value, epsilon_lower_bound


def published_p_value(m: int, r: int, v: int, eps: float, delta: float) -> float:
    """The code of the paper's appendix D, line by line."""
    q = 1 / (1 + np.exp(-eps))
    beta, alpha, total = binom.sf(v - 1, r, q), 0.0, 0.0
    for i in range(1, v + 1):
        total += binom.pmf(v - i, r, q)
        if total > i * alpha:
            alpha = total / i
    return min(beta + alpha * delta * 2 * m, 1)


@pytest.mark.parametrize(("m", "r", "v"), [(100, 100, 75), (500, 100, 99), (50, 10, 0)])
@pytest.mark.parametrize(("epsilon", "delta"), [(0.0, 0.0), (1.0, 1e-5), (4.0, 1e-3)])
def test_p_values_are_those_of_the_paper(m: int, r: int, v: int, epsilon: float, delta: float) -> None:
    assert audit_p_value(m, r, v, epsilon, delta) == pytest.approx(
        published_p_value(m, r, v, epsilon, delta), abs=1e-12
    )


def test_all_right_guesses_bound_epsilon_as_in_closed_form() -> None:
    accuracy = 0.05 ** (1 / 100)
    expected = np.log(accuracy / (1 - accuracy))
    assert epsilon_lower_bound(100, 100, 100, 0.0) == pytest.approx(expected, abs=1e-6)


def test_guessing_refutes_nothing_and_more_right_guesses_refute_more() -> None:
    assert epsilon_lower_bound(200, 200, 100, 1e-5) == 0
    bounds = [epsilon_lower_bound(200, 200, right, 1e-5) for right in (120, 150, 180, 200)]
    assert bounds == sorted(bounds) and bounds[0] > 0


def test_more_right_guesses_than_guesses_cannot_be() -> None:
    with pytest.raises(ValueError, match="right <= guesses"):
        epsilon_lower_bound(10, 5, 6, 0.0)


@pytest.mark.parametrize("epsilon", [0.5, 2.0])
def test_randomised_response_is_bounded_by_its_own_epsilon(epsilon: float) -> None:
    generator = numpy_generator("randomised response", int(10 * epsilon))
    included = generator.random(2000) < 0.5
    told = included ^ (generator.random(2000) > 1 / (1 + np.exp(-epsilon)))
    found = audit(told + 0.1 * generator.random(2000), included, delta=0.0)
    assert 0.6 * epsilon < found.epsilon_lower <= epsilon


def test_the_order_of_canaries_does_not_count() -> None:
    generator = numpy_generator("order")
    included, score = generator.random(100) < 0.5, generator.random(100)
    order = generator.permutation(100)
    assert audit(score, included, 1e-5) == audit(score[order], included[order], 1e-5)
