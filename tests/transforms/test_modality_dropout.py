"""Modality dropout: rates as asked, one modality always left, the draw recorded and reproducible."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.transforms.modality_dropout import DRAW_KEY, RandModalityDropoutd

NAMES = ("film", "series", "table", "note")


def sample(**present: bool) -> dict:
    return {f"{name}_present": present.get(name, True) for name in NAMES} | {"film": "bytes"}


def drops(prob: float | dict[str, float], count: int = 400, **present: bool) -> np.ndarray:
    transform = RandModalityDropoutd(NAMES, prob).set_random_state(seed=0)
    return np.array([transform(sample(**present))[DRAW_KEY] for _ in range(count)])


def test_zero_probability_is_identity() -> None:
    result = RandModalityDropoutd(NAMES, 0.0)(sample())
    assert not result.pop(DRAW_KEY).any() and result == sample()


def test_one_present_modality_always_stays() -> None:
    assert (drops(1.0).sum(1) == 3).all()
    assert len(np.unique(drops(1.0).argmin(1))) == 4
    assert not drops(1.0, film=False, table=False, note=False).any()


def test_absent_modalities_stay_absent_and_are_no_survivors() -> None:
    assert not drops(1.0, film=False)[:, 0].any()
    transform = RandModalityDropoutd(NAMES, 1.0).set_random_state(seed=1)
    results = [transform(sample(film=False)) for _ in range(50)]
    assert all(
        not result["film_present"] and sum(result[f"{name}_present"] for name in NAMES) == 1 for result in results
    )


def test_sample_without_any_modality_passes() -> None:
    assert not drops(1.0, film=False, series=False, table=False, note=False).any()


def test_rate_is_the_one_asked_for_by_modality() -> None:
    rates = drops({"film": 0.5, "series": 0.0, "table": 0.1, "note": 0.9}, 4000).mean(0)
    np.testing.assert_allclose(rates, [0.5, 0.0, 0.1, 0.9], atol=0.03)


def test_same_seed_gives_the_same_draws_whatever_came_before() -> None:
    np.testing.assert_array_equal(drops(0.3), drops(0.3))
    transform = RandModalityDropoutd(NAMES, 0.3).set_random_state(seed=0)
    transform(sample(film=False, note=False))
    np.testing.assert_array_equal(transform(sample())[DRAW_KEY], drops(0.3)[1])


def test_bytes_and_input_are_left_alone() -> None:
    given = sample()
    result = RandModalityDropoutd(NAMES, 1.0).set_random_state(seed=0)(given)
    assert result["film"] == "bytes" and given == sample()


@pytest.mark.parametrize("prob", [-0.1, 1.1, float("nan")])
def test_impossible_probability_is_refused(prob: float) -> None:
    with pytest.raises(ValueError, match="must be in"):
        RandModalityDropoutd(NAMES, prob)
