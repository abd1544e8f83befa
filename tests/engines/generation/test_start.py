"""A start from other weights: the whole autoencoder, the U-Net of a diffusion, and nothing that does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.core.loading import save_weights
from monai_app.engines.generation.start import started_provenance, with_start
from monai_app.networks.generation import FoldedAutoencoder
from tests.engines.generation.test_condition import diffusion


def autoencoder() -> FoldedAutoencoder:
    return FoldedAutoencoder(2, channels=(4, 4), latent_channels=2, norm_groups=2)


def test_an_autoencoder_is_taken_whole(tmp_path: Path) -> None:
    donor, network = autoencoder(), autoencoder()
    save_weights(tmp_path / "model.safetensors", dict(donor.state_dict()))
    assert with_start(network, tmp_path) is network
    assert all(torch.equal(network.state_dict()[key], value) for key, value in donor.state_dict().items())


def test_of_a_diffusion_the_unet_alone_is_taken(tmp_path: Path) -> None:
    donor, network, untouched = diffusion(1), diffusion(0), diffusion(0)
    save_weights(tmp_path / "model.safetensors", dict(donor.state_dict()))
    with_start(network, tmp_path)
    assert all(torch.equal(network.unet.state_dict()[key], value) for key, value in donor.unet.state_dict().items())
    before = untouched.condition.state_dict()
    assert all(torch.equal(network.condition.state_dict()[key], value) for key, value in before.items())


def test_no_folder_changes_nothing() -> None:
    network, same = diffusion(0), diffusion(0)
    with_start(network, None)
    assert all(torch.equal(network.state_dict()[key], value) for key, value in same.state_dict().items())


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="MODEL_MISSING"):
        with_start(autoencoder(), tmp_path)
    save_weights(tmp_path / "model.safetensors", dict(autoencoder().state_dict()))
    with pytest.raises(InputRejected, match="MODEL_MISFIT"):
        with_start(diffusion(), tmp_path)


def test_a_start_is_part_of_the_provenance(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    data = {"cohort": "record"}
    assert started_provenance(data, None) == data
    assert started_provenance(data, tmp_path)["started_from"]
