"""Order and regularity of the planes of a series: where each lies along the normal, what is missing, uneven or tilted.

DICOM PS3.3 C.7.6.2.1.1: the centre of pixel (row r, column c) is position + row_direction * column_spacing * c +
column_direction * row_spacing * r. Every tolerance is a distance in mm for the whole series: none grows with the
number of slices, since a relative tolerance lets a slow drift of the spacing pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_app.core.errors import InputRejected
from monai_app.dicom.slice_header import SliceHeader
from monai_app.dicom.volume import Affine

Doubles = npt.NDArray[np.float64]

SPACING_TOLERANCE_MM = 0.1
"""How far a slice may lie from the regular grid, and a gap from the common one; positions are often rounded to 0.1."""

SPACING_TOLERANCE_SHARE = 0.25
"""The tolerance above is at most this share of the common gap, so that fine slices are still told apart."""

SAME_POSITION_MM = 0.01
"""Planes nearer than this lie at one position; no scanner makes slices so thin."""

IN_PLANE_TOLERANCE_MM = 0.1
"""How far a slice may lie beside the normal through the first one; a tilted gantry moves slices by centimetres."""

STRAIGHT_TOLERANCE_MM = 0.1
"""How far a tilted stack may lie beside the line through its first and last slice."""

ORIENTATION_TOLERANCE_MM = 0.1
"""How far a turn of one slice against the first may move its farthest pixel."""

PIXEL_SPACING_TOLERANCE_MM = 0.1
"""How far another pixel spacing may move the farthest pixel."""

COSINE_TOLERANCE = 1e-3
"""How far direction cosines may be from unit length and right angles; vendors round them to 3 to 6 decimals."""


_ROUNDING_MM = 1e-6
"""Arithmetic on positions of a metre."""


@dataclass(frozen=True, eq=False)
class Stack:
    """Planes in the order of their positions along the normal.

    Attributes:
        slices: the planes, ordered.
        along_mm: (K,) position of each along the normal, from the patient's origin.
        beside_mm: (K, 2) offset of each from the first along the row and the column direction.
        axes_lps: (3, 3) rows: row direction, column direction, normal; orthonormal.
    """

    slices: Sequence[SliceHeader]
    along_mm: Doubles
    beside_mm: Doubles
    axes_lps: Doubles

    @property
    def gaps_mm(self) -> Doubles:
        """(K - 1,) distances along the normal from slice to slice."""
        return np.diff(self.along_mm)


def check_alike(slices: Sequence[SliceHeader]) -> None:
    """All planes are of one series, one frame of reference, one size, one spacing, one orientation, in one unit.

    Raises:
        InputRejected: ``SEVERAL_SERIES``, ``MIXED_FRAME_OF_REFERENCE``, ``MIXED_MODALITY``, ``MIXED_SIZE``,
            ``MIXED_UNITS``, ``MIXED_SPACING``, ``MIXED_ORIENTATION`` or ``GEOMETRY_INVALID``.
    """
    for code, what, values in (
        ("SEVERAL_SERIES", "the files belong to several series", {one.series_uid for one in slices}),
        ("MIXED_MODALITY", "the files are of several modalities", {one.modality for one in slices}),
        ("MIXED_FRAME_OF_REFERENCE", "the frames of reference differ", {one.frame_of_reference for one in slices}),
        ("MIXED_SIZE", "the slices differ in rows or columns", {one.size for one in slices}),
        ("MIXED_UNITS", "the slices differ in units", {(one.units, one.photometric) for one in slices}),
    ):
        if len(values) > 1:
            raise InputRejected(
                code, what, got=f"{len(values)} kinds", expected="one", remedy="Select one series, by a rule or folder."
            )
    _check_planes(slices)


def _check_planes(slices: Sequence[SliceHeader]) -> None:
    first = slices[0]
    _check_cosines(first.orientation_lps)
    reach_mm = np.array([first.size[1] * first.spacing_mm[1], first.size[0] * first.spacing_mm[0]])
    for one in slices[1:]:
        _check_cosines(one.orientation_lps)
        turned_mm = float(np.linalg.norm(one.orientation_lps - first.orientation_lps, axis=1) @ reach_mm)
        if turned_mm > ORIENTATION_TOLERANCE_MM:
            raise InputRejected(
                "MIXED_ORIENTATION",
                "the slices are not parallel",
                got=f"{turned_mm:.1f} mm at the edge",
                expected=f"at most {ORIENTATION_TOLERANCE_MM} mm",
                remedy="Split the series by orientation, or leave its localizers out.",
            )
        moved_mm = np.abs(np.subtract(one.spacing_mm, first.spacing_mm)) * first.size
        if moved_mm.max() > PIXEL_SPACING_TOLERANCE_MM:
            raise InputRejected("MIXED_SPACING", "the slices differ in PixelSpacing", expected="one pixel spacing")


def _check_cosines(orientation: Doubles) -> None:
    if np.abs(orientation @ orientation.T - np.eye(2)).max() > 2 * COSINE_TOLERANCE:
        raise InputRejected(
            "GEOMETRY_INVALID",
            "row and column direction are not unit vectors at right angles",
            expected=f"cosines to {COSINE_TOLERANCE}",
        )


def ordered(slices: Sequence[SliceHeader]) -> Stack:
    """The planes by their position along the normal; neither file names nor InstanceNumber decide.

    Args:
        slices: planes that :func:`check_alike` accepted.
    """
    row = slices[0].orientation_lps[0] / np.linalg.norm(slices[0].orientation_lps[0])
    column = slices[0].orientation_lps[1] - (slices[0].orientation_lps[1] @ row) * row
    column /= np.linalg.norm(column)
    axes = np.array([row, column, np.cross(row, column)])
    positions = np.array([one.position_lps_mm for one in slices])
    order = np.argsort(positions @ axes[2], kind="stable")
    positions = positions[order]
    return Stack(
        slices=[slices[index] for index in order],
        along_mm=positions @ axes[2],
        beside_mm=(positions - positions[0]) @ axes[:2].T,
        axes_lps=axes,
    )


def is_tilted(stack: Stack) -> bool:
    """Whether each slice lies a fixed step beside the one before, as with a tilted gantry.

    Raises:
        InputRejected: ``SLICES_SHIFTED`` where the slices lie neither on the normal nor on any other line.
    """
    if np.abs(stack.beside_mm).max() <= IN_PLANE_TOLERANCE_MM:
        return False
    share = (stack.along_mm - stack.along_mm[0]) / (stack.along_mm[-1] - stack.along_mm[0])
    beside = np.abs(stack.beside_mm - share[:, None] * stack.beside_mm[-1]).max()
    if beside > STRAIGHT_TOLERANCE_MM:
        raise InputRejected(
            "SLICES_SHIFTED",
            "slices are moved sideways against each other",
            got=f"{beside:.1f} mm",
            expected=f"at most {STRAIGHT_TOLERANCE_MM} mm",
            remedy="Split the series by acquisition.",
        )
    return True


def gantry_tilt(stack: Stack) -> InputRejected:
    """The error of a stack that steps sideways."""
    sideways, along = np.linalg.norm(stack.beside_mm[-1]), stack.along_mm[-1] - stack.along_mm[0]
    return InputRejected(
        "GANTRY_TILT",
        "the slices step sideways: the gantry was tilted",
        got=f"{np.degrees(np.arctan2(sideways, along)):.1f} degrees",
        expected="a step along the normal",
        remedy="Ask for the correction by an explicit shear (tilt: shear), which is recorded in the output.",
    )


def spacing_fault(stack: Stack) -> InputRejected | None:
    """What keeps the slices from a regular grid: ``MISSING_SLICE`` (naming positions), ``UNEVEN_SPACING`` or None."""
    gaps = stack.gaps_mm
    if len(gaps) == 0:
        return None
    common = float(np.median(gaps))
    off = float(np.abs(stack.along_mm - stack.along_mm[0] - np.arange(len(gaps) + 1) * gaps.mean()).max())
    limit = min(SPACING_TOLERANCE_MM, SPACING_TOLERANCE_SHARE * common)
    if max(off, float(np.abs(gaps - common).max())) <= limit + _ROUNDING_MM:
        return None
    missing = _missing_mm(stack)
    if missing:
        named = ", ".join(f"{one:.1f}" for one in missing[:8])
        return InputRejected(
            "MISSING_SLICE",
            "slices are missing inside the series",
            got=f"{len(missing)} missing: none at {named} mm along the normal",
            expected=f"one every {gaps.min():.3f} mm",
            remedy="Send the whole series again.",
        )
    return InputRejected(
        "UNEVEN_SPACING",
        "the slices are not evenly spaced",
        got=f"gaps from {gaps.min():.3f} to {gaps.max():.3f} mm, {off:.3f} mm off the regular grid",
        expected=f"within {limit:.3f} mm",
        remedy="Ask for resampling (uneven: resample), which is recorded in the output, or split the series.",
    )


def _missing_mm(stack: Stack) -> list[float]:
    """Where slices are missing if every gap is a whole number of the smallest one; empty if they are uneven."""
    gaps = stack.gaps_mm
    step = float(np.median(gaps[gaps < 1.5 * gaps.min()]))
    steps = np.round(gaps / step)
    limit = min(SPACING_TOLERANCE_MM, SPACING_TOLERANCE_SHARE * step)
    if np.abs(gaps - steps * step).max() > limit + _ROUNDING_MM or steps.max() < 2:
        return []
    return [
        float(start + number * gap / count)
        for start, gap, count in zip(stack.along_mm, gaps, steps, strict=False)
        for number in range(1, int(count))
    ]


def affine_lps(stack: Stack, step_mm: float, *, corner: tuple[int, int] = (0, 0)) -> Affine:
    """Voxel (column i, row j, slice k) to LPS mm; the slice axis is the normal.

    Args:
        corner: (row, column) of the grid's first voxel on the first slice, where the grid is wider than the slices.
    """
    first = stack.slices[0]
    affine = np.eye(4)
    affine[:3, 0] = stack.axes_lps[0] * first.spacing_mm[1]
    affine[:3, 1] = stack.axes_lps[1] * first.spacing_mm[0]
    affine[:3, 2] = stack.axes_lps[2] * step_mm
    affine[:3, 3] = first.position_lps_mm + affine[:3, 0] * corner[1] + affine[:3, 1] * corner[0]
    return affine
