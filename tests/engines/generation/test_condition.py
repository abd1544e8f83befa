"""The condition as configurations build it: without the film's encoder, from a trained model, frozen or not."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
import torch

from monai_app.cohort.spec import FilmSpec
from monai_app.cohort.tokenizer import fit_or_load
from monai_app.core.errors import InputRejected
from monai_app.core.loading import save_weights
from monai_app.engines.generation.condition import (
    condition_encoders,
    label_columns,
    seeded_diffusion,
    taken_tokenizer,
    with_condition,
)
from monai_app.networks.generation import ConditionedDiffusion
from tests.engines.tiny import SPEC
from tests.networks.generation.conftest import tiny_unet

OPTIONS = {"width": 8, "series": "statistics", "note": "bag", "vocabulary_size": 12}


def diffusion(seed: int = 0) -> ConditionedDiffusion:
    encoders = partial(condition_encoders, SPEC, **OPTIONS)
    return seeded_diffusion(SPEC, encoders, tiny_unet, width=8, seed=seed, latent_channels=2)


def test_the_film_is_drawn_and_not_encoded() -> None:
    with_film = SPEC.model_copy(
        update={"modalities": SPEC.modalities.model_copy(update={"film": FilmSpec(size_px=64)})}
    )
    assert set(condition_encoders(with_film, **OPTIONS)) == {"series", "table", "note"}
    assert condition_encoders(object()) == {} and label_columns(SPEC) == 1


def test_initial_weights_are_a_function_of_the_seed() -> None:
    before = torch.get_rng_state()
    one, again, other = (diffusion(seed).state_dict() for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[key], again[key]) for key in one)
    assert any(not torch.equal(one[key], other[key]) for key in one)


def test_encoders_of_a_trained_model_are_taken_and_frozen(tmp_path: Path) -> None:
    donor, network = diffusion(1), diffusion(0)
    weights = {f"encoders.{key}": value for key, value in donor.condition.encoders.state_dict().items()}
    save_weights(tmp_path / "model.safetensors", {**weights, "fusion.bias": torch.zeros(1)})
    assert with_condition(network, None) is network and not network.condition.frozen
    with_condition(network, tmp_path)
    taken = network.condition.encoders.state_dict()
    assert all(torch.equal(taken[key], value) for key, value in donor.condition.encoders.state_dict().items())
    assert network.condition.frozen
    start = diffusion(0)
    assert not with_condition(start, tmp_path, frozen=False).condition.frozen  # type: ignore[union-attr]


def test_a_model_that_does_not_fit_or_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="MODEL_MISSING"):
        with_condition(diffusion(), tmp_path)
    save_weights(tmp_path / "model.safetensors", {"encoders.table.mlp.0.weight": torch.zeros(2, 2)})
    with pytest.raises(InputRejected, match=r"MODEL_MISFIT.*series_encoder"):
        with_condition(diffusion(), tmp_path)


def test_the_tokenizer_is_copied_so_that_ids_mean_the_same(tmp_path: Path) -> None:
    notes = [{"note": "cough and fever", "note_present": True}, {"note": "no cough", "note_present": True}]
    made = fit_or_load(tmp_path / "donor", notes, vocabulary_size=60)
    taken = taken_tokenizer(tmp_path / "donor", tmp_path / "own")
    assert taken.record == made.record and fit_or_load(tmp_path / "own").record == made.record
