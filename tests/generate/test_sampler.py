"""The sampler as evaluators run it: seeds by row, several images a case, parts of the condition told."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from monai_app.core.random import scoped_torch_seed
from monai_app.generate.sampler import ImageSampler
from monai_app.generate.sampling import Drawing
from monai_app.networks.generation import FoldedAutoencoder
from tests.networks.generation.conftest import SHAPE, make_diffusion, make_inputs

__all__ = ["make_diffusion", "make_inputs"]


@pytest.fixture
def sampler(make_diffusion: Any) -> Any:
    with scoped_torch_seed("autoencoder"):
        autoencoder = FoldedAutoencoder(2, channels=(4, 8), latent_channels=SHAPE[0], norm_groups=4).eval()

    def make(**options: Any) -> ImageSampler:
        return ImageSampler(
            make_diffusion(), autoencoder, latent_shape=SHAPE, drawing=Drawing(steps=2), **options
        ).eval()

    return make


def cases(inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    told = {key: value for key, value in inputs.items() if key.startswith(("table", "label_"))}
    return {**told, "row": torch.arange(4)}


def test_samples_of_a_case_differ_and_follow_its_row_not_its_batch(sampler: Any, make_inputs: Any) -> None:
    inputs = cases(make_inputs())
    images = sampler(samples=2)(inputs)
    assert images.shape == (4, 2, 1, 32, 32) and not torch.equal(images[:, 0], images[:, 1])
    alone = sampler(samples=2)({key: value[3:] for key, value in inputs.items()})
    assert torch.allclose(alone, images[3:], atol=1e-4)
    assert not torch.allclose(sampler(samples=2, seed=1)(inputs), images, atol=1e-3)


def test_what_is_not_told_changes_nothing(sampler: Any, make_inputs: Any) -> None:
    inputs = cases(make_inputs())
    other = {**inputs, "label_death": 1 - inputs["label_death"]}
    shifted = {**inputs, "table": inputs["table"] + 1}
    assert torch.equal(sampler(told="ehr")(inputs), sampler(told="ehr")(other))
    assert torch.equal(sampler(told="labels")(inputs), sampler(told="labels")(shifted))
    assert torch.equal(sampler(told="nothing")(inputs), sampler(told="nothing")({**other, "table": shifted["table"]}))
    assert not torch.equal(sampler()(inputs), sampler()(other))


def test_an_unknown_part_is_refused(sampler: Any) -> None:
    with pytest.raises(ValueError, match="nothing"):
        sampler(told="half")
