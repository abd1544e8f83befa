"""Repairs on arrays: what is moved comes to lie where it was, and nothing is invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest

from monai_app.dicom.series_geometry import ordered
from monai_app.dicom.series_repair import resampled, sheared


@dataclass(frozen=True, eq=False)
class Plane:
    """As much of a slice's header as repairs look at."""

    position_lps_mm: np.ndarray
    orientation_lps: np.ndarray
    spacing_mm: tuple[float, float]


def tilted(step_rows: float, step_columns: float, count: int = 4) -> Any:
    row, column = np.array([1.0, 0, 0]), np.array([0.0, 1.0, 0])
    return ordered(
        cast(
            Any,
            [
                Plane(
                    index * (2 * step_rows * column + 3 * step_columns * row + [0, 0, 5.0]),
                    np.array([row, column]),
                    (2.0, 3.0),
                )
                for index in range(count)
            ],
        )
    )


VALUES = np.random.default_rng(0).normal(size=(4, 6, 7)).astype(np.float32)


@pytest.mark.parametrize(("rows", "columns"), [(1, 0), (0, -2), (2, 1), (-1, -1)])
def test_whole_pixel_shears_move_whole_pixels(rows: int, columns: int) -> None:
    wide, kept, (top, left) = sheared(VALUES, None, tilted(rows, columns))
    assert wide.shape == (4, 6 + 3 * abs(rows), 7 + 3 * abs(columns))
    assert (top, left) == (min(0, 3 * rows), min(0, 3 * columns))
    for index, plane in enumerate(VALUES):
        down, right = index * rows - top, index * columns - left
        assert np.allclose(wide[index, down : down + 6, right : right + 7], plane, atol=1e-6)
        assert kept[index].sum() == plane.size
    assert np.all(wide[~kept] == VALUES.min())


def test_part_of_a_pixel_interpolates_and_keeps_only_what_was_seen() -> None:
    wide, kept, _ = sheared(VALUES, None, tilted(0.5, 0))
    assert wide.shape == (4, 8, 7) and kept[1].sum() == 5 * 7
    assert np.allclose(wide[1, 1:6], (VALUES[1, :-1] + VALUES[1, 1:]) / 2, atol=1e-6)


def test_padding_does_not_leak_into_sheared_values() -> None:
    valid = np.ones(VALUES.shape, np.bool_)
    valid[:, 0] = False
    values = np.where(valid, VALUES, np.float32(-1e6))
    wide, kept, _ = sheared(values, valid, tilted(0.5, 0))
    assert wide.min() == VALUES[valid].min() and kept[1].sum() == 4 * 7


def test_even_slices_stay_and_linear_ones_are_exact() -> None:
    even, valid, step = resampled(VALUES, None, np.array([1.0, 3, 5, 7]))
    assert np.allclose(even, VALUES, atol=1e-6) and valid is None and step == 2.0
    along = np.array([0.0, 1, 2.5, 3, 4])
    linear = np.broadcast_to((along * 10)[:, None, None], (5, 2, 3)).astype(np.float32)
    even, _, step = resampled(linear, None, along)
    assert step == 1.0 and np.allclose(even[:, 0, 0], [0, 10, 20, 30, 40], atol=1e-4)


def test_resampled_voxels_are_valid_where_all_they_were_made_of_is() -> None:
    valid = np.ones((4, 6, 7), np.bool_)
    valid[1, 2, 3] = False
    _, kept, step = resampled(VALUES, valid, np.array([0.0, 1.0, 2.5, 3.5]))
    assert step == 1.0 and kept is not None
    assert [bool(one) for one in kept[:, 2, 3]] == [True, False, False, True] and kept.sum() == kept.size - 2
