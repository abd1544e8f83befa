"""Latents computed once: those of the autoencoder, in order, with the statistics that scale them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.transforms import Compose

from monai_app.core.atomic import write_bytes
from monai_app.core.errors import InputRejected
from monai_app.core.loading import save_weights
from monai_app.core.random import scoped_torch_seed
from monai_app.engines.generation.latents import autoencoder_provenance, diffusion_statistics, latent_items
from monai_app.networks.generation import FoldedAutoencoder
from tests.engines.tiny import SPEC, tiny_items


class Load:
    """The film of an item whose path is its grey value."""

    def __call__(self, data: Any) -> dict[str, Any]:
        return {**data, "film": torch.full((1, 8, 8), float(data["film"]))}


@pytest.fixture
def autoencoder() -> FoldedAutoencoder:
    with scoped_torch_seed("autoencoder"):
        return FoldedAutoencoder(2, channels=(4, 8), latent_channels=2, norm_groups=4).eval()


def items(**extra: Any) -> list[dict[str, Any]]:
    return [
        {**item, "film": f"0.{row + 1}", "film_present": True, "film_view": "PA", **extra}
        for row, item in enumerate(tiny_items(3))
    ]


def test_latents_stand_in_the_place_of_films(autoencoder: FoldedAutoencoder) -> None:
    made = latent_items(items(), autoencoder, Compose([Load()]), batch_size=2)
    assert [item["source_image"] for item in made] == ["0.1", "0.2", "0.3"]
    assert all("film" not in item and "series" in item for item in made)
    with torch.no_grad():
        expected = autoencoder.encode(torch.full((1, 1, 8, 8), 0.2))[0].numpy()
    assert np.allclose(made[1]["image_latent"], expected, atol=0.05)


def test_the_film_before_has_a_latent_where_there_is_one(autoencoder: FoldedAutoencoder) -> None:
    told = items()
    told[0]["previous_film"], told[1]["previous_film"], told[2]["previous_film"] = "", "0.3", ""
    made = latent_items(told, autoencoder, Compose([Load()]), batch_size=2)
    assert [item["image_previous_present"] for item in made] == [False, True, False]
    assert np.array_equal(made[1]["image_previous"], made[2]["image_latent"]) and not made[0]["image_previous"].any()


def test_the_scale_is_one_deviation_after_each_channel_s_mean() -> None:
    generator = np.random.default_rng(0)
    drawn = generator.normal(size=(50, 2, 4, 4)) * 3 + np.array([5.0, -2.0]).reshape(2, 1, 1)
    told = [
        {**item, "image_latent": latent.astype(np.float32)} for item, latent in zip(tiny_items(50), drawn, strict=True)
    ]
    fitted = diffusion_statistics(told, SPEC)
    assert np.allclose(fitted["latent_mean"], [5, -2], atol=0.5) and float(fitted["latent_std"][0]) == pytest.approx(
        3, abs=0.2
    )
    assert "table_mean" in fitted and "table_mean" not in diffusion_statistics(told, object())
    with pytest.raises(InputRejected, match="LATENT_CONSTANT"):
        diffusion_statistics([{**told[0], "image_latent": np.ones((2, 4, 4), np.float32)}] * 2, SPEC)


def test_another_autoencoder_makes_another_training(tmp_path: Path) -> None:
    save_weights(tmp_path / "model.safetensors", {"a": torch.zeros(1)})
    one = autoencoder_provenance({"cohort": "c"}, tmp_path)
    write_bytes(tmp_path / "model.safetensors", b"other")
    assert one["cohort"] == "c" and autoencoder_provenance({"cohort": "c"}, tmp_path) != one
