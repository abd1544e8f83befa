"""Every corruption of the registry: identity at 0, worse with severity, repeatable, no side effects, never all."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from monai_app.cohort.spec import Modality, ModalitySpec, ModelSpec
from monai_app.transforms.corruption.base import Corruption, record_key
from monai_app.transforms.corruption.registry import CORRUPTIONS
from tests.transforms.corruption.samples import SPEC, STD, corrupted, distance, same, sample

EACH = [pytest.param(modality, name, id=name) for modality, kinds in CORRUPTIONS.items() for name in kinds]
SEEDS = range(6)
each_corruption = pytest.mark.parametrize(("modality", "name"), EACH)


def made(modality: Modality, name: str, severity: int) -> Corruption:
    return CORRUPTIONS[modality][name](severity, SPEC, {"series_std": STD})


def test_every_modality_has_corruptions_under_their_own_names() -> None:
    assert tuple(CORRUPTIONS) == tuple(Modality) and all(CORRUPTIONS.values()) and len(EACH) == 18
    for modality, kinds in CORRUPTIONS.items():
        assert {(made(modality, name, 1).modality, made(modality, name, 1).name) for name in kinds} == {
            (modality, name) for name in kinds
        }


@each_corruption
def test_severity_zero_is_the_identity_bit_for_bit(modality: Modality, name: str) -> None:
    given = sample()
    result = made(modality, name, 0)(given)
    record = result.pop(record_key(modality))
    assert record == {"name": name, "severity": 0, "quality": 1.0, "parameters": {}}
    assert result.keys() == given.keys() and all(same(result[key], given[key]) for key in given)


@each_corruption
def test_distance_rises_with_severity(modality: Modality, name: str) -> None:
    clean = sample()[modality]
    mean = [
        np.mean([distance(clean, corrupted(made(modality, name, severity), seed)[0]) for seed in SEEDS])
        for severity in range(6)
    ]
    assert mean[0] == 0 and (np.diff(mean) > 0).all(), mean


@each_corruption
def test_recorded_parameters_repeat_the_corruption_through_json(modality: Modality, name: str) -> None:
    transform = made(modality, name, 4)
    result, parameters = corrupted(transform, seed=3)
    again = made(modality, name, 1).apply(sample()[modality], json.loads(json.dumps(parameters)))
    assert same(again, result)


@each_corruption
def test_seed_decides_and_input_is_left_alone(modality: Modality, name: str) -> None:
    given = sample()
    first, _ = corrupted(made(modality, name, 5), 7, given)
    second, _ = corrupted(made(modality, name, 5), 7, given)
    assert same(first, second) and not same(first, given[modality])
    assert all(same(given[key], value) for key, value in sample().items())


@each_corruption
def test_other_modalities_are_left_alone(modality: Modality, name: str) -> None:
    given = sample()
    result = made(modality, name, 5)(given)
    assert set(result) - set(given) == {record_key(modality)}
    assert all(result[key] is given[key] for key in given if key != modality)


@each_corruption
def test_absent_modality_is_left_alone(modality: Modality, name: str) -> None:
    given = sample(**{modality.value: False})
    assert made(modality, name, 5)(given) == given


def _least() -> dict[str, Any]:
    """A sample that knows one value of each modality, or a black film."""
    least = sample()
    least["film"] = least["film"] * 0
    least["series"] = least["series"].copy()
    least["series"][:] = np.array([np.nan, 0, 24], np.float32)[:, None, None]
    least["series"][:, 3, 1] = 37, 1, 0
    least["series"][0, 4:, 1], least["series"][2, 4:, 1] = 37, np.arange(1, 21)
    least["table"] = np.array([[np.nan] * 8 + [1.0], [0.0] * 9], np.float32)
    return least | {"note": "x"}


@each_corruption
@pytest.mark.parametrize("seed", range(3))
def test_last_known_value_is_never_taken(modality: Modality, name: str, seed: int) -> None:
    value, _ = corrupted(made(modality, name, 5), seed, _least())
    if modality is Modality.SERIES:
        assert value[1].sum() == 1
    if modality is Modality.TABLE:
        assert np.isfinite(value[0]).sum() == 1
    if modality is Modality.FILM:
        assert value.isfinite().all()
    if modality is Modality.NOTE:
        assert value


@pytest.mark.parametrize("modality", [Modality.SERIES, Modality.TABLE])
def test_model_without_the_modality_is_refused(modality: Modality) -> None:
    without = ModelSpec(modalities=ModalitySpec(film=SPEC.modalities.film), tasks=())
    for factory in CORRUPTIONS[modality].values():
        with pytest.raises(ValueError, match="got one without"):
            factory(1, without)
