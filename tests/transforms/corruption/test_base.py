"""Corruption: what every fault shares, shown on one film."""

from __future__ import annotations

import pytest

from monai_app.transforms.corruption.base import quality, record_key
from monai_app.transforms.corruption.gaussian_noise import GaussianNoised
from monai_app.transforms.corruption.motion import Motiond
from tests.transforms.corruption.samples import same, sample


@pytest.mark.parametrize("severity", [-1, 6, 2.5, True, "3"])
def test_severity_outside_the_scale_is_refused(severity: object) -> None:
    with pytest.raises(ValueError, match="whole number in"):
        Motiond("film", severity)


def test_quality_falls_from_one_to_zero() -> None:
    assert [quality(severity) for severity in range(6)] == pytest.approx([1, 0.8, 0.6, 0.4, 0.2, 0])


def test_record_names_fault_severity_and_quality() -> None:
    record = Motiond("film", 4)(sample())[record_key("film")]
    assert (record["name"], record["severity"]) == ("motion", 4) and record["quality"] == pytest.approx(0.2)


def test_absent_key_is_refused_unless_allowed() -> None:
    without = {key: value for key, value in sample().items() if key != "film"}
    assert Motiond("film", 3, allow_missing_keys=True)(without) == without
    with pytest.raises(KeyError, match="film"):
        Motiond("film", 3)(without)


def test_second_corruption_of_a_modality_is_refused() -> None:
    with pytest.raises(ValueError, match="corrupted already"):
        Motiond("film", 1)(GaussianNoised("film", 1)(sample()))


def test_untouched_modality_takes_a_corruption() -> None:
    twice = Motiond("film", 3)(GaussianNoised("film", 0)(sample()))
    assert twice[record_key("film")]["name"] == "motion"


def test_draws_do_not_depend_on_presence() -> None:
    transform = GaussianNoised("film", 3).set_random_state(seed=0)
    transform(sample(film=False))
    after_absent = transform(sample())["film"]
    transform.set_random_state(seed=0)
    transform(sample())
    assert same(after_absent, transform(sample())["film"])


def test_severities_of_one_seed_share_their_draw() -> None:
    angles = {
        Motiond("film", severity).set_random_state(seed=5)(sample())[record_key("film")]["parameters"]["angle_degrees"]
        for severity in range(1, 6)
    }
    assert len(angles) == 1
