"""What a training step draws: a function of the seed, with the probabilities asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from monai_app.transforms.diffusion_draw import DrawDiffusiond


def drawn(seed: int, **options: Any) -> dict[Any, Any]:
    transform = DrawDiffusiond((2, 4, 4), 3, **options)
    transform.set_random_state(seed=seed)
    return transform({"kept": 1})


def test_the_same_seed_draws_the_same_and_another_does_not() -> None:
    one, again, other = drawn(1), drawn(1), drawn(2)
    assert one["kept"] == 1 and torch.equal(one["image_noise"], again["image_noise"])
    assert float(one["image_time"]) == float(again["image_time"]) != float(other["image_time"])


@pytest.mark.parametrize("times", ["uniform", "logit_normal"])
def test_times_lie_inside_and_noise_has_the_latent_s_shape(times: Any) -> None:
    many = [drawn(seed, times=times, blind_shape=(2, 5)) for seed in range(50)]
    values = np.array([float(sample["image_time"]) for sample in many])
    assert values.min() > 0 and values.max() < 1 and abs(values.mean() - 0.5) < 0.15
    assert many[0]["image_noise"].shape == (2, 4, 4) and many[0]["image_blind"].shape == (2, 5)


def test_nothing_is_dropped_at_probability_zero_and_everything_at_one() -> None:
    none = drawn(0, condition_dropout=0.0, label_dropout=0.0, field_dropout=0.0)
    assert not none["image_dropped"] and bool(none["image_told"].all())
    full = drawn(0, condition_dropout=1.0, label_dropout=1.0)
    assert full["image_dropped"] and not bool(full["image_told"].any())


def test_single_columns_are_hidden_as_often_as_asked() -> None:
    told = np.stack([drawn(seed, label_dropout=0.0, field_dropout=0.4)["image_told"].numpy() for seed in range(200)])
    assert abs(float(told.mean()) - 0.6) < 0.08
