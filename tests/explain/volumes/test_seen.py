from __future__ import annotations

import numpy as np
import torch

from monai_app.explain.volumes.seen import SeenVolume
from tests.explain.volumes.tiny import AFFINE, seen


def place(volume: SeenVolume, voxel: tuple[int, int, int]) -> np.ndarray:
    return (volume.affine_ras @ np.array([*voxel, 1.0]))[:3]


def test_padding_keeps_every_voxel_at_its_place_and_says_what_is_none() -> None:
    small = seen((5, 6, 7))
    padded = small.padded((8, 6, 16))
    assert padded.shape == (8, 6, 16) and padded.filled.sum() == 5 * 6 * 7
    assert torch.equal(padded.image[:, 1:6, :, 4:11], small.image)
    assert np.allclose(place(padded, (1, 0, 4)), place(small, (0, 0, 0)))
    assert small.padded((5, 6, 7)) is small


def test_a_part_keeps_every_voxel_at_its_place() -> None:
    volume = seen()
    part = volume.padded((20, 16, 16)).part((4, 2, 3), (8, 8, 8))
    assert part.shape == (8, 8, 8) and part.spacing_mm == (2.0, 2.0, 3.0)
    assert np.allclose(place(part, (0, 0, 0)), AFFINE @ [2, 2, 3, 1] @ np.eye(4)[:, :3])
    assert torch.equal(part.image, volume.image[:, 2:10, 2:10, 3:11]) and part.filled.all()
