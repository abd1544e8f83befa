"""The stored values of a single grey frame: decoding, junk above the high bit, padding.

DICOM PS3.5 8.1 (pixel cells), PS3.3 C.7.5.1.1.2 (padding).
"""

from __future__ import annotations

import warnings

import numpy as np
import pydicom
from pydicom.encaps import get_frame
from pydicom.pixels.utils import pixel_array

from monai_app.core.errors import InputRejected
from monai_app.dicom.area import Block
from monai_app.dicom.header import transfer_syntax, truncated

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


def stored_values(dataset: pydicom.Dataset) -> Block:
    """Stored values (H, W), bits beyond BitsStored cleared (two's complement is kept).

    Raises:
        InputRejected: ``NO_PIXELS``, ``PIXEL_FORMAT``, ``TRUNCATED``, ``HEADER_MISMATCH`` or ``DECODE_FAILED``.
    """
    allocated, stored, high = (int(dataset.get(name, 0)) for name in ("BitsAllocated", "BitsStored", "HighBit"))
    if allocated not in (8, 16) or not 1 <= stored <= allocated or not stored - 1 <= high < allocated:
        raise InputRejected(
            "PIXEL_FORMAT",
            "the pixels have an unusual layout",
            got=f"{stored} of {allocated} bits",
            expected="at most 16 bits in 8 or 16",
        )
    data = dataset.get("PixelData")
    if not data:
        raise InputRejected("NO_PIXELS", "the file holds no pixel data")
    pixels = _decoded(dataset) if transfer_syntax(dataset).is_compressed else _native(dataset, data, allocated)
    return _without_junk(pixels, allocated=allocated, stored=stored, high=high)


def _native(dataset: pydicom.Dataset, data: bytes, allocated: int) -> Block:
    rows, columns = dataset.Rows, dataset.Columns
    needed = rows * columns * allocated // 8
    if len(data) < needed:
        raise truncated(len(data), needed)
    order = "<" if transfer_syntax(dataset).is_little_endian else ">"
    kind = "i" if dataset.get("PixelRepresentation") == 1 else "u"
    return np.frombuffer(data, f"{order}{kind}{allocated // 8}", rows * columns).reshape(rows, columns)


def _decoded(dataset: pydicom.Dataset) -> Block:
    rows, columns = dataset.Rows, dataset.Columns
    try:
        shape = codestream_shape(get_frame(dataset.PixelData, 0, number_of_frames=1))
    except Exception as error:  # encapsulation of foreign bytes may fail in any way
        raise _undecodable(error) from None
    if shape is not None and shape != (rows, columns):
        raise InputRejected(
            "HEADER_MISMATCH",
            "the compressed image has another size than the header",
            got=shape,
            expected=(rows, columns),
        )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            pixels = pixel_array(dataset, raw=True)
        except Exception as error:  # decoders of foreign bytes may raise anything
            raise _undecodable(error) from None
    if pixels.shape != (rows, columns):
        raise InputRejected("HEADER_MISMATCH", "the decoded image has another size than the header", got=pixels.shape)
    return pixels


def _undecodable(error: Exception) -> InputRejected:
    return InputRejected(
        "DECODE_FAILED",
        "the compressed pixel data cannot be decoded",
        got=type(error).__name__,
        remedy="Transfer the file again, or decompress it with dcmdjpeg.",
    )


def codestream_shape(data: bytes) -> tuple[int, int] | None:
    """(rows, columns) that a JPEG, JPEG-LS or JPEG 2000 stream itself claims; None for other streams."""
    if data[:4] == b"\xff\x4f\xff\x51":
        right, bottom, left, top = (int.from_bytes(data[at : at + 4], "big") for at in (8, 12, 16, 20))
        return bottom - top, right - left
    at = 2
    while data[:2] == b"\xff\xd8" and at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)) or marker == 0xF7:
            return int.from_bytes(data[at + 5 : at + 7], "big"), int.from_bytes(data[at + 7 : at + 9], "big")
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None


def _without_junk(pixels: Block, *, allocated: int, stored: int, high: int) -> Block:
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


def padding_test(dataset: pydicom.Dataset) -> tuple[int, int] | None:
    """The closed range of stored values that mean "no image here", or None."""
    value = dataset.get("PixelPaddingValue")
    if not isinstance(value, int):
        return None
    limit = dataset.get("PixelPaddingRangeLimit")
    limit = limit if isinstance(limit, int) else value
    return min(value, limit), max(value, limit)
