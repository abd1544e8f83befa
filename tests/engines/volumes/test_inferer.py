from __future__ import annotations

import torch

from monai_app.engines.volumes.inferer import VolumeInferer


def pointwise(volume: torch.Tensor) -> torch.Tensor:
    return torch.cat([volume, -volume], 1)


def test_windows_of_a_pointwise_network_do_not_show() -> None:
    volume = torch.randn(1, 1, 40, 12, 9, generator=torch.Generator().manual_seed(0))
    probabilities = VolumeInferer((16, 16, 16))(volume, pointwise)
    assert torch.allclose(probabilities, torch.softmax(pointwise(volume), 1), atol=1e-5)


def test_flips_come_back_into_the_frame_of_the_volume() -> None:
    volume = torch.randn(1, 1, 8, 8, 8, generator=torch.Generator().manual_seed(0))
    plain, flipped = (VolumeInferer((8, 8, 8), flips=flips)(volume, pointwise) for flips in ([[]], [[], [0], [1, 2]]))
    assert torch.allclose(plain, flipped, atol=1e-6)


def test_probabilities_are_fp32_and_add_up_in_bf16_too() -> None:
    network = torch.nn.Conv3d(1, 3, 3, padding=1)
    probabilities = VolumeInferer((8, 8, 8), precision="bf16")(torch.randn(1, 1, 8, 8, 8), network)
    assert probabilities.dtype == torch.float32
    assert torch.allclose(probabilities.sum(1), torch.ones(1, 8, 8, 8), atol=1e-5)


def test_air_beside_the_body_is_background_and_the_body_as_before() -> None:
    volume = torch.full((1, 1, 24, 24, 12), -1.0)
    volume[..., 8:16, 8:16, :] = 0.3
    plain, cut = (VolumeInferer((16, 16, 16), air=air)(volume, pointwise) for air in (None, -0.5))
    assert torch.equal(cut[..., 8:16, 8:16, :], plain[..., 8:16, 8:16, :])
    assert (cut[:, 0, :8] == 1).all() and not (plain[:, 0, :8] == 1).any()
    assert torch.allclose(cut.sum(1), torch.ones_like(cut.sum(1)))
