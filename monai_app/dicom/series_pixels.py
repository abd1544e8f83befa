"""The values of a stack in one array: stored values decoded slice by slice on several threads, rescaled in place."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_app.core.errors import InputRejected
from monai_app.dicom.area import Floats, Stored
from monai_app.dicom.series_options import Precision
from monai_app.dicom.slice_header import SliceHeader
from monai_app.dicom.stored import Bytes, Padding, padding_of, stored_values
from monai_app.dicom.volume_checks import volume_shape

Bools = npt.NDArray[np.bool_]
Values = npt.NDArray[Any]
"""float32 or int16."""

THREADS = 4
"""Reading and arithmetic leave Python's lock; more threads than this only wait for the memory."""

_EXACT_BELOW = 1 << 24
"""Integers of smaller magnitude are float32 numbers."""


class _TooWide(Exception):  # noqa: N818 - no fault of the files
    """A slice holds values that int16 does not."""


def read_pixels(
    slices: Sequence[SliceHeader], *, precision: Precision = Precision.FLOAT32
) -> tuple[Values, Bools | None]:
    """Values ``(K, rows, columns)`` in the slices' units, each the nearest to slope * stored + intercept.

    Returns:
        The values, float32 or, where asked for and exact, int16; and where they are image: None where no slice marks
        padding.

    Raises:
        InputRejected: what :func:`monai_app.dicom.stored.stored_values` raises; ``TOO_LARGE``,
            ``PADDING_INVALID``, ``NOT_FINITE``, ``NO_CONTENT``.
    """
    shape = volume_shape((len(slices), *slices[0].size))
    whole = all(one.slope == 1 and one.intercept.is_integer() for one in slices)
    if precision is Precision.COMPACT and whole:
        with suppress(_TooWide):
            return _read(slices, np.empty(shape, np.int16))
    return _read(slices, np.empty(shape, np.float32))


def _read(slices: Sequence[SliceHeader], values: Values) -> tuple[Values, Bools | None]:
    paddings = [_padding(one) for one in slices]
    valid = np.empty(values.shape, np.bool_) if any(paddings) else None
    compact, own = values.dtype == np.int16, threading.local()

    def read(index: int) -> tuple[float, float] | None:
        one, padding = slices[index], paddings[index]
        memory = values[index].reshape(-1).view(np.uint8) if compact else _memory(own, one)
        stored = stored_values(one.path, one.dataset, pixels_at=one.pixels_at, frame=one.frame, memory=memory)
        inside = None
        if valid is not None:
            inside = valid[index]
            inside[...] = True if padding is None else padding.outside(stored)
        if compact:
            _shift(stored, int(one.intercept), out=values[index])
        else:
            rescale(stored, one.slope, one.intercept, out=values[index])
        return _range(values[index], inside)

    with ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1)) as pool:
        ranges = [one for one in pool.map(read, range(len(slices))) if one is not None]
    _check_content(ranges)
    return values, None if valid is None or valid.all() else valid


def _memory(own: threading.local, one: SliceHeader) -> Bytes:
    """Bytes for the stored values of a slice, the same for all slices that a thread reads."""
    if not hasattr(own, "memory"):
        own.memory = np.empty(2 * one.size[0] * one.size[1], np.uint8)
    held: Bytes = own.memory
    return held


def _shift(stored: Stored, intercept: int, *, out: Values) -> None:
    """Write stored + intercept to int16, where all of it fits; both may lie in the same memory."""
    span = np.iinfo(np.int16)
    if int(stored.min()) + intercept < span.min or int(stored.max()) + intercept > span.max:
        raise _TooWide
    # modulo 2^16 both the stored values and the sum are what they are: the sum fits
    same = stored.view(np.int16) if stored.dtype.itemsize == 2 else stored.astype(np.int16)
    np.add(same, np.int16((intercept + (1 << 15)) % (1 << 16) - (1 << 15)), out=out)


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
    """The padding as stored values; some scanners write a negative one as if it were unsigned.

    Raises:
        InputRejected: ``PADDING_INVALID`` where the stored bits cannot hold it: masking them would turn padding into
            image.
    """
    padding = padding_of(one.dataset)
    if padding is None:
        return None
    low, high = padding.low, padding.high
    allocated, stored = int(one.dataset.BitsAllocated), int(one.dataset.BitsStored)
    least, most = 0, (1 << stored) - 1
    if one.dataset.get("PixelRepresentation") == 1:
        low, high = sorted(end - (1 << allocated) if end >> allocated - 1 == 1 else end for end in (low, high))
        least, most = -(1 << stored - 1), (1 << stored - 1) - 1
    if low < least or high > most:
        raise InputRejected(
            "PADDING_INVALID",
            "the padding value does not fit the stored bits",
            got=f"{low} to {high}",
            expected=f"{least} to {most}",
            remedy="Export the series again with its original headers.",
        )
    return Padding(low, high)


def _range(values: Values, inside: Bools | None) -> tuple[float, float] | None:
    """Least and greatest valid value, None where none is valid."""
    if inside is not None:
        if not inside.any():
            return None
        if not inside.all():
            values = values[inside]
    return float(values.min()), float(values.max())


def _check_content(ranges: Sequence[tuple[float, float]]) -> None:
    if not np.isfinite(ranges).all():
        raise InputRejected("NOT_FINITE", "rescaled values are not finite", expected="values within float32")
    if not ranges or min(low for low, _ in ranges) == max(high for _, high in ranges):
        raise InputRejected(
            "NO_CONTENT", "the series shows nothing: all its values are equal", expected="an image with contrast"
        )
