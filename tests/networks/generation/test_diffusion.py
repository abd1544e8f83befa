"""The denoiser: a function of its batch, scaled latents, conditions that reach it, and its options."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from tests.networks.generation.conftest import SHAPE


def test_a_step_is_a_function_of_the_batch_and_samples_do_not_meet(make_diffusion: Any, make_inputs: Any) -> None:
    network, inputs = make_diffusion(), make_inputs()
    output = network(inputs)
    assert output.velocity.shape == output.target.shape == inputs["image_latent"].shape
    alone = network({key: value[2:3] for key, value in inputs.items()})
    assert torch.allclose(alone.velocity, output.velocity[2:3], atol=1e-4)
    assert torch.equal(network(inputs).velocity, output.velocity)


def test_the_condition_reaches_the_velocity_and_a_dropped_one_does_not(make_diffusion: Any, make_inputs: Any) -> None:
    network, inputs = make_diffusion(), make_inputs()
    other = {**inputs, "label_death": 1 - inputs["label_death"], "table": inputs["table"] + 1}
    assert not torch.allclose(network(inputs).velocity, network(other).velocity, atol=1e-6)
    dropped = {"image_dropped": torch.ones(4, dtype=torch.bool)}
    assert torch.equal(network({**inputs, **dropped}).velocity, network({**other, **dropped}).velocity)


def test_latents_are_scaled_by_what_was_fitted_and_back(make_diffusion: Any) -> None:
    network = make_diffusion()
    mean = np.array([3.0, -1.0], np.float32)
    fitted = {"latent_mean": mean, "latent_std": np.array([2.0], np.float32)}
    network.set_statistics({**fitted, "table_mean": np.zeros(3), "table_std": np.ones(3)})
    latent = (
        torch.randn(2, *SHAPE, generator=torch.Generator().manual_seed(0)) * 2 + torch.from_numpy(mean)[:, None, None]
    )
    scaled = network.scaled(latent)
    assert abs(float(scaled.mean())) < 0.2 and float(scaled.std()) == pytest.approx(1.0, abs=0.2)
    assert torch.allclose(network.unscaled(scaled), latent, atol=1e-5)
    assert {"latent_mean", "latent_std"} <= set(network.state_dict())


def test_folded_latents_give_velocities_of_the_same_shape(make_diffusion: Any, make_inputs: Any) -> None:
    assert make_diffusion(fold=2)(make_inputs()).velocity.shape == (4, *SHAPE)


def test_the_film_before_is_seen_only_where_there_is_one(make_diffusion: Any, make_inputs: Any) -> None:
    network, inputs = make_diffusion(previous=True), make_inputs()
    there = torch.tensor([True, False, True, False])
    inputs |= {"image_previous": torch.randn(4, *SHAPE, generator=torch.Generator().manual_seed(1))}
    inputs["image_previous_present"] = there
    other = {**inputs, "image_previous": inputs["image_previous"] + 5}
    changed = (network(inputs).velocity - network(other).velocity).abs().flatten(1).amax(dim=1) > 1e-6
    assert changed.tolist() == there.tolist()
    without = {key: value for key, value in inputs.items() if not key.startswith("image_previous")}
    assert torch.allclose(network(without).velocity[1], network(inputs).velocity[1], atol=1e-6)


def test_labels_are_predicted_from_the_ehr_s_tokens_alone(make_diffusion: Any, make_inputs: Any) -> None:
    network, inputs = make_diffusion(auxiliary=True), make_inputs()
    output = network({**inputs, "image_blind": torch.zeros(4, 1, 8)})
    assert output.labels.shape == output.told.shape == (4, 6) and output.blinded.shape == output.velocity.shape
    assert not torch.allclose(output.blinded, output.velocity, atol=1e-6)
    flipped = network({**inputs, "label_death": 1 - inputs["label_death"]})
    assert torch.equal(flipped.labels, output.labels) and not torch.equal(flipped.told, output.told)
