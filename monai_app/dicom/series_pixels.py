"""The values of a stack in one array: stored values decoded slice by slice on several threads, rescaled in place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_app.core.errors import InputRejected
from monai_app.dicom.area import Floats, Stored
from monai_app.dicom.slice_header import SliceHeader
from monai_app.dicom.stored import Padding, padding_of, stored_values

Bools = npt.NDArray[np.bool_]

THREADS = 4
"""Reading and arithmetic leave Python's lock; more threads than this only wait for the memory."""

_EXACT_BELOW = 1 << 24
"""Integers of smaller magnitude are float32 numbers."""


@dataclass(frozen=True)
class _Range:
    low: float
    high: float


def read_pixels(slices: Sequence[SliceHeader]) -> tuple[Floats, Bools | None]:
    """Values ``(K, rows, columns)`` in the slices' units, float32, each the nearest to slope * stored + intercept.

    Returns:
        The values, and where they are image: None where no slice marks padding.

    Raises:
        InputRejected: what :func:`monai_app.dicom.stored.stored_values` raises; ``NOT_FINITE``, ``NO_CONTENT``.
    """
    shape = (len(slices), *slices[0].size)
    values = np.empty(shape, np.float32)
    paddings = [_padding(one) for one in slices]
    valid = np.empty(shape, np.bool_) if any(paddings) else None

    def read(index: int) -> _Range | None:
        one, padding = slices[index], paddings[index]
        stored = stored_values(one.path, one.dataset, pixels_at=one.pixels_at, frame=one.frame)
        inside = None
        if valid is not None:
            inside = valid[index]
            inside[...] = True if padding is None else padding.outside(stored)
        rescale(stored, one.slope, one.intercept, out=values[index])
        return _range(values[index], inside)

    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        ranges = [one for one in pool.map(read, range(len(slices))) if one is not None]
    _check_content(ranges)
    return values, None if valid is None or valid.all() else valid


def rescale(stored: Stored, slope: float, intercept: float, *, out: Floats) -> None:
    """Write slope * stored + intercept, rounded once, to float32 (PS3.3 C.11.1.1).

    Integer scales of small magnitude are exact in float32 itself; all others are computed in float64.
    """
    span = np.iinfo(stored.dtype)
    bound = abs(slope) * max(abs(span.min), span.max) + abs(intercept)
    if float(slope).is_integer() and float(intercept).is_integer() and bound < _EXACT_BELOW:
        np.copyto(out, stored, casting="unsafe")
        if slope != 1:
            out *= np.float32(slope)
        if intercept != 0:
            out += np.float32(intercept)
        return
    with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is rejected as such
        np.copyto(out, stored * np.float64(slope) + intercept, casting="unsafe")


def _padding(one: SliceHeader) -> Padding | None:
    """The padding as stored values; some scanners write a negative one as if it were unsigned."""
    padding = padding_of(one.dataset)
    if padding is None or one.dataset.get("PixelRepresentation") != 1:
        return padding
    bits = int(one.dataset.get("BitsAllocated", 16))
    low, high = sorted(
        value - (1 << bits) if value >= 1 << bits - 1 else value for value in (padding.low, padding.high)
    )
    return Padding(low, high)


def _range(values: Floats, inside: Bools | None) -> _Range | None:
    if inside is not None:
        if not inside.any():
            return None
        if not inside.all():
            values = values[inside]
    return _Range(float(values.min()), float(values.max()))


def _check_content(ranges: Sequence[_Range]) -> None:
    if not all(np.isfinite([one.low, one.high]).all() for one in ranges):
        raise InputRejected("NOT_FINITE", "rescaled values are not finite", expected="values within float32")
    if not ranges or min(one.low for one in ranges) == max(one.high for one in ranges):
        raise InputRejected(
            "NO_CONTENT", "the series shows nothing: all its values are equal", expected="an image with contrast"
        )
