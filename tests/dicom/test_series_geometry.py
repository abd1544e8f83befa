"""Order, gaps and tilt, on positions alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_app.core.errors import InputRejected
from monai_app.dicom.series_geometry import (
    Stack,
    affine_lps,
    check_alike,
    gantry_tilt,
    is_tilted,
    ordered,
    spacing_fault,
)


@dataclass(frozen=True, eq=False)
class Plane:
    """As much of a slice's header as geometry looks at."""

    position_lps_mm: np.ndarray
    orientation_lps: np.ndarray
    spacing_mm: tuple[float, float] = (0.5, 0.75)
    size: tuple[int, int] = (512, 400)
    series_uid: str = "1"
    modality: str = "CT"
    frame_of_reference: str = "2"
    units: str = "HU"
    photometric: str = "MONOCHROME2"


AXIAL = np.array([[1.0, 0, 0], [0, 1.0, 0]])


def stack(along: Any, *, beside: float = 0.0, orientation: np.ndarray = AXIAL) -> Stack:
    normal = np.cross(*orientation)
    planes = [Plane(at * normal + beside * at * orientation[0], orientation) for at in np.asarray(along, float)]
    return ordered(cast(Any, planes))


def code(along: Any) -> str | None:
    fault = spacing_fault(stack(along))
    return None if fault is None else fault.code


@settings(max_examples=25, deadline=None)
@given(angles=st.tuples(*[st.floats(-3, 3)] * 3), seed=st.integers(0, 99))
def test_order_follows_the_normal_in_every_orientation(angles: tuple[float, ...], seed: int) -> None:
    a, b, c = angles
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    turn = turn @ np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    turn = turn @ np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    along = np.random.default_rng(seed).permutation(9) * 1.5
    found = stack(along, orientation=(turn[:, :2]).T)
    assert np.allclose(found.along_mm, np.arange(9) * 1.5) and not is_tilted(found)
    affine = affine_lps(found, 1.5)
    assert np.allclose(affine[:3, :3], turn * (0.75, 0.5, 1.5)) and np.linalg.det(affine[:3, :3]) > 0


@pytest.mark.parametrize(
    ("along", "expected"),
    [
        ([0, 2, 4, 6], None),
        ([0], None),
        ([0, 7], None),
        ([0, 2.09, 4, 6], None),
        ([0, 2.12, 4, 6], "UNEVEN_SPACING"),
        ([0, 2, 4, 8, 10], "MISSING_SLICE"),
        ([0, 2, 8, 10], "MISSING_SLICE"),
        ([0, 4, 8, 10], "MISSING_SLICE"),
        ([0, 1, 2, 3.5, 4.5], "UNEVEN_SPACING"),
        ([0, 2, 4, 7, 10], "UNEVEN_SPACING"),
        ([0, 0.1, 0.2, 0.4, 0.5], "MISSING_SLICE"),
        ([0, 0.625, 1.25, 2.5], "MISSING_SLICE"),
        (np.round(np.arange(200) * 0.625, 1), None),
        (np.round(np.arange(200) * 0.4567, 1), None),
        (np.arange(100) * 2 + np.arange(100) ** 2 * 1e-4, "UNEVEN_SPACING"),
        (np.arange(100) * 2 + np.sin(np.arange(100) / 16) * 0.3, "UNEVEN_SPACING"),
    ],
)
def test_gaps_are_even_missing_or_uneven(along: Any, expected: str | None) -> None:
    assert code(along) == expected
    assert code(-np.asarray(along, float)) == expected


def test_every_missing_position_is_counted_and_the_first_ones_named() -> None:
    fault = spacing_fault(stack([0, 2, 8, 10, 14]))
    assert fault is not None and "3 missing: none at 4.0, 6.0, 12.0 mm" in fault.got


def test_sideways_steps_are_a_tilt_of_that_angle() -> None:
    tilted = stack(range(10), beside=np.tan(np.radians(12.0)))
    assert is_tilted(tilted) and gantry_tilt(tilted).got == "12.0 degrees"
    assert not is_tilted(stack(range(10), beside=0.01)) and is_tilted(stack(range(10), beside=0.012))


def test_slices_off_every_line_are_shifted() -> None:
    planes = [Plane(np.array([0.15 * (index % 2), 0, index]), AXIAL) for index in range(5)]
    with pytest.raises(InputRejected, match="SLICES_SHIFTED"):
        is_tilted(ordered(cast(Any, planes)))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"series_uid": "9"}, "SEVERAL_SERIES"),
        ({"modality": "MR"}, "MIXED_MODALITY"),
        ({"frame_of_reference": "9"}, "MIXED_FRAME_OF_REFERENCE"),
        ({"size": (512, 401)}, "MIXED_SIZE"),
        ({"units": "US"}, "MIXED_UNITS"),
        ({"spacing_mm": (0.5, 0.751)}, "MIXED_SPACING"),
        ({"spacing_mm": (0.5, 0.7501)}, None),
        ({"orientation_lps": np.array([[1, 0.001, 0], [-0.001, 1, 0]])}, "MIXED_ORIENTATION"),
        ({"orientation_lps": np.array([[1, 0.0001, 0], [-0.0001, 1, 0]])}, None),
        ({"orientation_lps": np.array([[1, 0.01, 0], [0, 1.0, 0]])}, "GEOMETRY_INVALID"),
        ({"orientation_lps": np.array([[0.0, 0, 0], [0, 0, 0]])}, "GEOMETRY_INVALID"),
    ],
)
def test_planes_of_one_series_are_alike(change: dict[str, Any], expected: str | None) -> None:
    planes = [Plane(np.zeros(3), AXIAL), Plane(**{"position_lps_mm": np.ones(3), "orientation_lps": AXIAL, **change})]
    if expected is None:
        check_alike(cast(Any, planes))
        return
    with pytest.raises(InputRejected, match=expected):
        check_alike(cast(Any, planes))
