"""Image and label on one grid: row 19 of the table of faults."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.volume import Volume
from monai_app.dicom.volume_grid import corners_apart_mm, require_same_grid, same_grid

AFFINE = np.array([[0.0, -3, 0, 5], [2, 0, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1]])


def volume(affine: np.ndarray = AFFINE, shape: tuple[int, int, int] = (30, 40, 50)) -> Volume:
    return Volume(np.zeros(shape), affine)


def test_the_same_grid_is_the_same() -> None:
    require_same_grid(volume(), volume(AFFINE.astype(np.float32).astype(np.float64) + 1e-6))


@pytest.mark.parametrize("axis", range(3))
@pytest.mark.parametrize("column, by", [(3, 0.1), (2, 0.01), (1, 0.01)])
def test_another_affine_with_the_same_shape_is_another_grid(axis: int, column: int, by: float) -> None:  # row 19
    other = AFFINE.copy()
    other[axis, column] += by
    assert not same_grid(volume(), volume(other))
    with pytest.raises(InputRejected, match="GRID_MISMATCH"):
        require_same_grid(volume(), volume(other))


def test_another_shape_is_another_grid() -> None:
    with pytest.raises(InputRejected, match="GRID_MISMATCH"):
        require_same_grid(volume(), volume(shape=(30, 40, 51)))


def test_corners_move_by_what_the_affine_moves_them() -> None:
    other = AFFINE.copy()
    other[2, 2] += 0.5
    assert corners_apart_mm(AFFINE, other, (30, 40, 50)) == pytest.approx(24.5)
