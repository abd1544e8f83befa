"""The stored values of a grey frame: decoding, junk above the high bit, padding.

DICOM PS3.5 8.1 (pixel cells), PS3.3 C.7.5.1.1.2 (padding).
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom

from monai_app.core.errors import InputRejected
from monai_app.dicom.area import Stored
from monai_app.dicom.compressed import Decoded, decompressed
from monai_app.dicom.header import transfer_syntax, truncated

Bytes = npt.NDArray[np.uint8]

_PIXEL_DATA = (0x7FE0, 0x0010)

PIXEL_TAGS = [
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PhotometricInterpretation",
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
]


def stored_values(
    path: Path, header: pydicom.Dataset, *, pixels_at: int, frame: int = 0, memory: Bytes | None = None
) -> Stored:
    """Stored values (H, W) of a frame, bits beyond BitsStored cleared (two's complement is kept).

    Args:
        header: a header that :func:`monai_app.dicom.header.check_size` found sound.
        pixels_at: where in the file the header ends.
        frame: which frame of a multi-frame file.
        memory: (N,) bytes that the values may lie in; a frame that is compressed or larger gets its own.

    Raises:
        InputRejected: ``NO_PIXELS``, ``PIXEL_FORMAT``, ``TRUNCATED``, ``HEADER_MISMATCH``, ``DECODE_FAILED``,
            ``DECODE_TIMEOUT`` or ``DECODE_MEMORY``.
    """
    return coarse_values(path, header, pixels_at=pixels_at, frame=frame, enough_px=None, memory=memory).pixels


def coarse_values(
    path: Path,
    header: pydicom.Dataset,
    *,
    pixels_at: int,
    frame: int = 0,
    enough_px: int | None,
    memory: Bytes | None = None,
) -> Decoded:
    """As :func:`stored_values`; a JPEG 2000 image is decoded coarser where a longer side of ``enough_px`` is enough."""
    allocated, stored, high = (int(header.get(name, 0)) for name in ("BitsAllocated", "BitsStored", "HighBit"))
    if allocated not in (8, 16) or not 1 <= stored <= allocated or not stored - 1 <= high < allocated:
        raise InputRejected(
            "PIXEL_FORMAT",
            "the pixels have an unusual layout",
            got=f"{stored} of {allocated} bits",
            expected="at most 16 bits in 8 or 16",
        )
    if transfer_syntax(header).is_compressed:
        decoded = decompressed(path, frame=frame, longest_side_px=enough_px)
    else:
        decoded = Decoded(_native(path, header, pixels_at, frame, memory), level=0)
    pixels = _without_junk(decoded.pixels, allocated=allocated, stored=stored, high=high)
    return Decoded(pixels, level=decoded.level)


def _native(path: Path, header: pydicom.Dataset, pixels_at: int, frame: int, memory: Bytes | None) -> Stored:
    """Uncompressed values straight from the file (PS3.5 7.1, A.1, A.2): pydicom would copy them twice."""
    syntax, rows, columns = transfer_syntax(header), header.Rows, header.Columns
    order = "<" if syntax.is_little_endian else ">"
    layout = f"{order}HHI" if syntax.is_implicit_VR else f"{order}HH2sHI"
    needed = rows * columns * header.BitsAllocated // 8
    with path.open("rb") as stream:
        stream.seek(pixels_at)
        element = stream.read(struct.calcsize(layout))
        if len(element) < struct.calcsize(layout):
            raise truncated(len(element), needed)
        group, number, *_, length = struct.unpack(layout, element)
        if (group, number) != _PIXEL_DATA:
            raise InputRejected("NO_PIXELS", "the file holds no integer pixel data")
        if length < needed * (frame + 1):
            raise truncated(length, needed * (frame + 1))
        stream.seek(needed * frame, os.SEEK_CUR)
        kind = "i" if header.get("PixelRepresentation") == 1 else "u"
        held = np.empty(needed, np.uint8) if memory is None or memory.size < needed else memory[:needed]
        got = stream.readinto(held.data)
    if got < needed:
        raise truncated(got, needed)
    return held.view(f"{order}{kind}{header.BitsAllocated // 8}").reshape(rows, columns)


def _without_junk(pixels: Stored, *, allocated: int, stored: int, high: int) -> Stored:
    """Keep the ``stored`` bits that end at bit ``high``; what lies above or below (overlays, junk) is cleared."""
    left, right = allocated - 1 - high, allocated - stored
    integers = pixels.astype(pixels.dtype.newbyteorder("="), copy=False)
    if right == 0:
        return integers
    if (
        left + stored == allocated
        and np.issubdtype(integers.dtype, np.unsignedinteger)
        and integers.max() < 1 << stored
    ):
        return integers
    width = integers.dtype.type
    return np.right_shift(np.left_shift(integers, width(left)), width(right))


@dataclass(frozen=True)
class Padding:
    """The closed range of stored values that mean "no image here"."""

    low: int
    high: int

    def outside(self, stored: Stored) -> npt.NDArray[np.bool_]:
        """Which values are image."""
        if self.low == self.high:  # the usual case, in one pass
            return np.not_equal(stored, self.low)
        outside: npt.NDArray[np.bool_] = (stored < self.low) | (stored > self.high)
        return outside


def padding_of(header: pydicom.Dataset) -> Padding | None:
    """PixelPaddingValue, to PixelPaddingRangeLimit where there is one."""
    value = header.get("PixelPaddingValue")
    if not isinstance(value, int):
        return None
    limit = header.get("PixelPaddingRangeLimit")
    limit = limit if isinstance(limit, int) else value
    return Padding(min(value, limit), max(value, limit))
