"""Batches of generative trainings: what is input, what is target, and rejections that come through."""

from __future__ import annotations

import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.engines.generation.batches import prepare_diffusion_batch, prepare_reconstruction_batch


@pytest.mark.parametrize("key", ["film", "image"])
def test_an_image_is_its_own_target(key: str) -> None:
    image, target = prepare_reconstruction_batch({key: torch.rand(2, 1, 4, 4), "row": torch.arange(2)}, "cpu")
    assert image is target and image.shape == (2, 1, 4, 4)


def test_labels_are_inputs_and_targets_and_rows_are_neither() -> None:
    batch = {"image_latent": torch.rand(2, 1, 2), "label_a": torch.ones(2, 1), "row": torch.arange(2)}
    inputs, targets = prepare_diffusion_batch(batch, "cpu")
    assert set(inputs) == {"image_latent", "label_a"} and set(targets) == {"label_a"}


def test_a_rejected_sample_is_raised() -> None:
    for prepare in (prepare_diffusion_batch, prepare_reconstruction_batch):
        with pytest.raises(InputRejected, match="BROKEN"):
            prepare({"rejected": InputRejected("BROKEN", "a film cannot be read")}, "cpu")
