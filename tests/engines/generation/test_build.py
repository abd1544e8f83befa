"""What configurations build: films only, the shipped encoder's features, options that are off."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from monai_app.cohort.condition_columns import GenerationSpec
from monai_app.core.errors import InputRejected
from monai_app.core.loading import save_weights
from monai_app.engines.build import cohort_spec
from monai_app.engines.generation.build import (
    adversary,
    film_features,
    film_items,
    modality_dropout,
    perceptual_distance,
    told_spec,
)
from monai_app.phantom.cohort import write_phantom
from tests.engines.tiny import SPEC, tiny_items


def test_only_samples_with_a_film_train_an_autoencoder(tmp_path: Path) -> None:
    write_phantom(tmp_path / "cohort", patients=12, seed=0, pixel_scale=8)
    spec = cohort_spec(tmp_path / "cohort")
    items = film_items(tmp_path / "cohort", None, spec)
    assert items and all(item["film_present"] for item in items)
    assert len(film_items(tmp_path / "cohort", None, spec, limit=2)) == 2
    assert all(item["previous_film"] == "" for item in film_items(tmp_path / "cohort", None, spec, previous=True))
    with pytest.raises(InputRejected, match="FILMS_MISSING"):
        film_items(tmp_path / "cohort", None, cohort_spec(tmp_path / "cohort", modalities=["table"]))


def test_the_shipped_encoder_tells_films_apart(tmp_path: Path) -> None:
    features = film_features()
    pooled = features.pooled(torch.rand(2, 1, 64, 64, generator=torch.Generator().manual_seed(0)))
    assert pooled.shape[0] == 2 and not torch.allclose(pooled[0], pooled[1])
    save_weights(tmp_path / "model.safetensors", {"encoders.film.project.bias": torch.zeros(4)})
    with pytest.raises(InputRejected, match="MODEL_MISFIT"):
        film_features(tmp_path)


def test_a_term_of_weight_zero_is_not_built() -> None:
    assert perceptual_distance(0.0) is None and adversary(0.0, 2) is None
    one, again, other = (adversary(0.1, 2, seed=seed, channels=4) for seed in (0, 0, 1))
    assert one is not None and again is not None and other is not None
    first, second, third = (next(net.parameters()) for net in (one, again, other))
    assert torch.equal(first, second) and not torch.equal(first, third)


def test_specs_of_an_ehr_carry_ranges_and_others_stay(tmp_path: Path) -> None:
    items = tiny_items(4)
    spec = told_spec(SPEC, items)
    assert isinstance(spec, GenerationSpec) and spec.ranges
    assert len(modality_dropout(SPEC, 0.5).transforms) == 1
    volumes = object()
    assert told_spec(volumes, items) is volumes and modality_dropout(volumes, 0.5).transforms == ()
