from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_app.inference.measurements import augmented_draws, measure, summarise_draws, volumes_ml, voxel_ml

AFFINE = np.diag([2.0, 2.0, 5.0, 1.0])


def certain(labels: torch.Tensor, classes: int) -> torch.Tensor:
    return torch.nn.functional.one_hot(labels.long(), classes).movedim(-1, 0).float()


def test_a_voxel_is_its_box_whatever_the_axes() -> None:
    turned = AFFINE[:, [1, 2, 0, 3]] * [1, -1, 1, 1]
    assert voxel_ml(AFFINE) == voxel_ml(turned) == pytest.approx(0.02)


def test_volumes_count_voxels() -> None:
    labels = torch.zeros(10, 10, 10, dtype=torch.uint8)
    labels[:5], labels[9, 0, 0] = 1, 3
    assert volumes_ml(labels, AFFINE, 3) == pytest.approx([10.0, 0.0, 0.02])


def test_draws_come_back_into_the_frame_of_the_image() -> None:
    image = torch.linspace(-2, 2, 4 * 5 * 6).reshape(1, 4, 5, 6)

    def threshold(volume: torch.Tensor) -> torch.Tensor:
        return certain((volume[0, 0] > 0).long(), 2)[None]

    drawn = list(augmented_draws(threshold, image, draws=3, seed=0, flips=[[], [0], [1, 2]]))
    truth = certain((image[0] > 0).long(), 2)
    assert all((one != truth).float().mean() < 0.1 for one in drawn)


def test_draws_follow_from_the_seed() -> None:
    image = torch.rand(1, 4, 4, 4)
    one, same, other = (
        torch.stack(list(augmented_draws(lambda volume: volume, image, draws=2, seed=seed))) for seed in (1, 1, 2)
    )
    assert torch.equal(one, same) and not torch.equal(one, other)


def test_agreeing_draws_have_no_spread_and_no_entropy() -> None:
    labels = torch.zeros(6, 6, 6, dtype=torch.uint8)
    labels[2:4] = 1
    summary = summarise_draws(iter([certain(labels, 3)] * 4), labels, AFFINE)
    first, second = measure(labels, AFFINE, ("a", "b"), summary)
    assert first.volume_sd_ml == 0 and first.entropy == pytest.approx(0, abs=1e-6)
    assert (second.volume_ml, second.entropy) == (0, None)


def test_disagreeing_draws_spread_and_reach_the_entropy_of_a_coin() -> None:
    whole, nothing = torch.ones(4, 4, 4, dtype=torch.uint8), torch.zeros(4, 4, 4, dtype=torch.uint8)
    summary = summarise_draws(iter([certain(whole, 2), certain(nothing, 2)]), whole, AFFINE)
    (measured,) = measure(whole, AFFINE, ("a",), summary)
    assert measured.entropy == pytest.approx(np.log(2))
    assert measured.volume_sd_ml == pytest.approx(measured.volume_ml / 2)


def test_without_draws_there_is_no_uncertainty() -> None:
    (measured,) = measure(torch.ones(2, 2, 2), AFFINE, ("a",))
    assert measured.as_dict() == {
        "structure": "a",
        "volume_ml": pytest.approx(0.16),
        "volume_sd_ml": None,
        "entropy": None,
    }
    with pytest.raises(ValueError, match="at least one draw"):
        summarise_draws(iter([]), torch.zeros(1, 1, 1), AFFINE)
