"""Random corruption: rates as asked, bits that tell the truth, draws that do not depend on what is present."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from monai_app.cohort.spec import Modality
from monai_app.transforms.corruption.base import record_key
from monai_app.transforms.corruption.rand_corruption import RandCorruptiond, corrupted_key
from monai_app.transforms.corruption.registry import CORRUPTIONS
from tests.transforms.corruption.samples import SPEC, same, sample

NAMES = tuple(modality.value for modality in Modality)
TEXTS = {key: value for key, value in sample().items() if key.startswith(("table", "note"))}
LIGHT = {"film": ["contrast"], "series": ["time_shift", "noise"]}


def transform(prob: Any, modalities: tuple[str, ...] = NAMES, **options: Any) -> RandCorruptiond:
    return RandCorruptiond(modalities, prob, SPEC, **options).set_random_state(seed=0)


def test_zero_probability_is_the_identity_with_zero_bits() -> None:
    given = sample()
    result = transform(0.0)(given)
    bits = [result.pop(corrupted_key(name)) for name in NAMES]
    assert bits == [0, 0, 0, 0] and all(bit.dtype == np.float32 for bit in bits)
    assert result.keys() == given.keys() and all(result[key] is given[key] for key in given)


def test_bit_is_one_exactly_where_the_value_changed() -> None:
    given, corrupt = sample(), transform(0.5, names=LIGHT)
    for _ in range(20):
        result = corrupt(given)
        for name in NAMES:
            assert bool(result[corrupted_key(name)]) == (not same(result[name], given[name]))
            assert (record_key(name) in result) == bool(result[corrupted_key(name)])


def test_fault_that_finds_nothing_leaves_the_bit_zero() -> None:
    given = sample() | {"note": "1"}
    result = transform(1.0, ("note",), names={"note": ["typos"]})(given)
    assert result["note"] == "1" and result[corrupted_key("note")] == 0


def test_rate_is_the_one_asked_for_by_modality() -> None:
    corrupt = transform({"table": 0.2, "note": 0.7}, ("table", "note"))
    results = [corrupt(TEXTS) for _ in range(1000)]
    rates = [np.mean([result[corrupted_key(name)] for result in results]) for name in ("table", "note")]
    np.testing.assert_allclose(rates, [0.2, 0.7], atol=0.05)


def test_every_corruption_and_severity_is_drawn() -> None:
    corrupt = transform(1.0, ("note",))
    records = [corrupt(TEXTS)[record_key("note")] for _ in range(150)]
    drawn = {(record["name"], record["severity"]) for record in records}
    assert drawn == {(name, severity) for name in CORRUPTIONS[Modality.NOTE] for severity in range(1, 6)}


def test_absent_modality_is_left_alone_and_takes_no_draw_from_others() -> None:
    whole, without = transform(1.0, names=LIGHT), transform(1.0, names=LIGHT)
    for _ in range(3):
        expected, result = whole(sample()), without(sample(film=False))
        assert same(result["film"], sample()["film"]) and result[corrupted_key("film")] == 0
        assert all(same(result[name], expected[name]) for name in NAMES[1:])


def test_film_stays_a_plain_tensor_for_the_batch() -> None:
    film = transform(1.0, ("film",))(sample())["film"]
    assert type(film) is torch.Tensor and film.dtype == torch.float32 and film.shape == (1, 64, 64)


@pytest.mark.parametrize("prob", [-0.1, 1.1, float("nan")])
def test_impossible_probability_is_refused(prob: float) -> None:
    with pytest.raises(ValueError, match="must be in"):
        transform(prob)


@pytest.mark.parametrize("names", [{"film": ["fog"]}, {"film": []}])
def test_unknown_or_no_corruption_is_refused(names: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match="corruptions of film must be some of"):
        transform(0.5, names=names)
