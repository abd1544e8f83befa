from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_app.metrics.segmentation import agreement, dice


def ball(radius: float, centre: tuple[float, float, float] = (10, 10, 10), size: int = 21) -> torch.Tensor:
    axes = torch.meshgrid(*[torch.arange(size, dtype=torch.float64)] * 3, indexing="ij")
    squared = sum((axis - at) ** 2 for axis, at in zip(axes, centre, strict=True))
    return (squared <= radius**2).to(torch.uint8)


def test_identity_is_perfect() -> None:
    (found,) = agreement(ball(5), ball(5), 1, (1, 1, 1))
    assert (found.dice, found.assd_mm, found.hd95_mm) == (1.0, 0.0, 0.0)


def test_dice_is_symmetric_and_counts_each_structure() -> None:
    one, other = ball(5), 2 * ball(4)
    assert np.array_equal(dice(one, other, 2), [0, 0])
    both = torch.where(ball(3) > 0, 2, ball(5))
    assert np.allclose(dice(both, one, 2), dice(one, both, 2))


def test_a_structure_that_neither_has_is_undefined() -> None:
    assert np.isnan(dice(ball(3), ball(3), 2)[1])
    assert agreement(ball(3), ball(3), 2, (1, 1, 1))[1].dice is None


def test_a_shift_of_two_voxels_is_that_far_in_mm() -> None:
    (found,) = agreement(ball(4), ball(4, (12, 10, 10)), 1, (1.5, 1, 1))
    assert found.hd95_mm == pytest.approx(3.0, abs=0.6)
    assert 0 < found.assd_mm < found.hd95_mm


def test_distances_scale_with_the_spacing_and_not_with_the_frame() -> None:
    small, large = ball(3), ball(5)
    (one,) = agreement(small, large, 1, (1, 1, 1))
    (double,) = agreement(small, large, 1, (2, 2, 2))
    padded = [torch.nn.functional.pad(mask, (3, 2, 1, 4, 0, 5)) for mask in (small, large)]
    (moved,) = agreement(*padded, 1, (1, 1, 1))
    assert double.hd95_mm == pytest.approx(2 * one.hd95_mm)
    assert moved == one


def test_a_missed_structure_has_dice_zero_and_no_distance() -> None:
    (found,) = agreement(torch.zeros(8, 8, 8), ball(2, (4, 4, 4), 8), 1, (1, 1, 1))
    assert (found.dice, found.assd_mm, found.hd95_mm) == (0.0, None, None)


def test_other_shapes_are_refused_with_both() -> None:
    with pytest.raises(ValueError, match=r"\(3, 3, 3\) and \(4, 3, 3\)"):
        dice(torch.zeros(3, 3, 3), torch.zeros(4, 3, 3), 1)
