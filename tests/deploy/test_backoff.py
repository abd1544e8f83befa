"""The wait doubles up to a limit, and chance takes at most half of it."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.deploy.backoff import Backoff


@pytest.mark.parametrize(("failures", "whole"), [(1, 2.0), (2, 4.0), (5, 32.0), (9, 300.0), (10_000, 300.0)])
def test_between_half_and_the_whole(failures: int, whole: float) -> None:
    backoff = Backoff(np.random.default_rng(1))
    waits = [backoff.seconds(failures) for _ in range(200)]
    assert whole / 2 <= min(waits) < 0.6 * whole and 0.9 * whole < max(waits) <= whole


def test_the_generator_decides() -> None:
    one, two = (Backoff(np.random.default_rng(3)) for _ in range(2))
    assert [one.seconds(n) for n in (1, 2, 3)] == [two.seconds(n) for n in (1, 2, 3)]
