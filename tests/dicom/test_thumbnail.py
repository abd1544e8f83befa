"""Thumbnails: the head up, the face to the top or left, the patient's right at the viewer's left, true proportions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from monai_app.dicom.film import Film
from monai_app.dicom.thumbnail import SIDE_PX, of_film, of_volume
from monai_app.dicom.volume import Volume

MARKED = {"right": (0.9, 0.5, 0.5), "front": (0.5, 0.9, 0.5), "up": (0.5, 0.5, 0.9)}
"""Places in a body of unit size whose axes point to the right, front and up."""

SHAPE = (24, 20, 16)


def body(mark: str, order: tuple[int, int, int] = (0, 1, 2), flips: tuple[bool, bool, bool] = (False,) * 3) -> Volume:
    """A volume with one bright place, stored with permuted and flipped axes."""
    voxels = np.zeros(SHAPE, np.float32)
    at = tuple(int(share * (length - 1)) for share, length in zip(MARKED[mark], SHAPE, strict=True))
    voxels[tuple(slice(place - 1, place + 2) for place in at)] = 100
    affine = np.eye(4)
    for axis, flip in enumerate(flips):
        if flip:
            voxels = np.flip(voxels, axis)
            affine[:3, 3] += affine[:3, axis] * (SHAPE[axis] - 1)
            affine[:3, axis] *= -1
    columns = [*order, 3]
    return Volume(array=np.transpose(voxels, order), affine_ras=affine[:, columns])


def brightest(pixels: np.ndarray) -> tuple[float, float]:
    """(row, column) of the bright place, from 0 to 1."""
    rows, columns = np.nonzero(pixels > 127)
    return float(rows.mean() / pixels.shape[0]), float(columns.mean() / pixels.shape[1])


@pytest.mark.parametrize("order", sorted(itertools.permutations(range(3))))
@pytest.mark.parametrize("flips", [(False, False, False), (True, False, True), (True, True, True)])
def test_marks_are_where_a_radiologist_looks_for_them(
    order: tuple[int, int, int], flips: tuple[bool, bool, bool]
) -> None:
    pictures = {
        (mark, one.title): one.pixels for mark in MARKED for one in of_volume(body(mark, order, flips), modality="MR")
    }
    assert brightest(pictures["right", "axial"])[1] < 0.3 and brightest(pictures["right", "coronal"])[1] < 0.3
    assert brightest(pictures["front", "axial"])[0] < 0.3 and brightest(pictures["front", "sagittal"])[1] < 0.3
    assert brightest(pictures["up", "coronal"])[0] < 0.3 and brightest(pictures["up", "sagittal"])[0] < 0.3


def test_thick_slices_keep_their_proportions() -> None:
    volume = Volume(array=np.random.default_rng(0).random((20, 20, 5), np.float32), affine_ras=np.diag([1.0, 1, 8, 1]))
    coronal = of_volume(volume, modality="MR")[1].pixels
    assert coronal.shape == (SIDE_PX, SIDE_PX // 2)


def test_a_single_slice_has_one_picture() -> None:
    volume = Volume(array=np.random.default_rng(0).random((20, 20, 1), np.float32), affine_ras=np.eye(4))
    assert [one.title for one in of_volume(volume, modality="MR")] == ["axial"]


def test_film_is_shown_as_it_is() -> None:
    pixels = np.linspace(0, 1, 200, dtype=np.float32).reshape(20, 10)
    shown = of_film(Film(pixels=pixels, spacing_mm=(1.0, 2.0), view="PA", body_part="", inverted=False))
    assert shown.title == "PA" and shown.pixels.shape == (SIDE_PX, SIDE_PX)
    assert shown.pixels[0].mean() < 30 < 220 < shown.pixels[-1].mean()
