"""Volumes and frames."""

from __future__ import annotations

import numpy as np

from monai_app.dicom.volume import Volume, lps_to_ras


def test_spacing_is_the_length_of_the_columns_of_the_affine() -> None:
    affine = np.array([[0.0, -3, 0, 5], [2, 0, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1]])
    assert Volume(np.zeros((2, 3, 4)), affine).spacing_mm == (2.0, 3.0, 4.0)


def test_conversion_of_frames_flips_left_and_front_and_is_its_own_inverse() -> None:
    affine = np.arange(16.0).reshape(4, 4)
    converted = lps_to_ras(affine)
    assert np.array_equal(converted[:, 0], [-0.0, -4, 8, 12])
    assert np.array_equal(lps_to_ras(converted), affine)
