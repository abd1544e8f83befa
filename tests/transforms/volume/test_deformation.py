"""Deformation: known maps move voxels where they should, nothing folds, labels stay labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from monai_app.transforms.volume.deformation import (
    IDENTITY,
    DeformationRanges,
    deform_labels,
    draw_deformation,
    sampling_points,
    smooth_field,
)

MM = (2.0, 2.0, 2.0)


def marked(*at: int) -> torch.Tensor:
    labels = torch.zeros(21, 17, 13, dtype=torch.int16)
    labels[at] = 41
    return labels


def found(labels: torch.Tensor) -> list[int]:
    return torch.nonzero(labels)[0].tolist()


def test_identity_moves_nothing() -> None:
    labels = torch.randint(0, 500, (9, 8, 7), generator=torch.Generator().manual_seed(0), dtype=torch.int16)
    np.testing.assert_array_equal(deform_labels(labels, IDENTITY, spacing_mm=MM), labels)
    np.testing.assert_array_equal(deform_labels(labels, replace(IDENTITY, field_seed=1), spacing_mm=MM), labels)


def test_shift_is_in_mm() -> None:
    moved = deform_labels(marked(10, 8, 6), replace(IDENTITY, shift_mm=(4.0, -2.0, 0.0)), spacing_mm=MM)
    assert found(moved) == [8, 9, 6]


def test_quarter_turn_about_the_third_axis() -> None:
    moved = deform_labels(marked(13, 8, 6), replace(IDENTITY, rotation_deg=(0.0, 0.0, 90.0)), spacing_mm=MM)
    assert found(moved) in ([10, 11, 6], [10, 5, 6])


def test_two_flips_are_none() -> None:
    mirrored = replace(IDENTITY, flipped=True)
    moved = deform_labels(marked(3, 8, 6), mirrored, spacing_mm=MM)
    assert found(moved) == [17, 8, 6] and found(deform_labels(moved, mirrored, spacing_mm=MM)) == [3, 8, 6]


def test_draw_is_the_same_for_the_same_seed_and_within_its_ranges() -> None:
    ranges = DeformationRanges()
    first, again = (draw_deformation(ranges, np.random.default_rng(5)) for _ in range(2))
    assert first == again
    assert max(map(abs, first.rotation_deg)) <= 15 and all(0.85 <= factor <= 1.15 for factor in first.scaling)


@pytest.mark.parametrize("seed", range(3))
def test_widest_deformation_folds_nothing(seed: int) -> None:
    drawn = draw_deformation(DeformationRanges(flip_probability=0), np.random.default_rng(seed))
    shape = (64, 64, 64)
    points = sampling_points(shape, replace(drawn, elastic_mm=3.0), spacing_mm=MM)
    gradients = torch.stack([points.diff(dim=axis)[:63, :63, :63] for axis in range(3)], -1)
    jacobian = torch.linalg.det(gradients.flip(-1)) * 31.5**3
    assert (jacobian > 0).float().mean() > 0.999


def test_field_is_standard_normal_at_its_knots_and_smooth_between() -> None:
    field = smooth_field((61, 61, 61), 30.0, 0, spacing_mm=MM, channels=3)
    assert field.shape == (3, 61, 61, 61)
    assert field.diff(dim=1).abs().max() < 0.5
