"""The values of a compressed grey frame, checked against the header before and after the decoding process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.encaps import get_frame

from monai_app.core.errors import InputRejected
from monai_app.dicom import jpeg2000
from monai_app.dicom.area import Stored
from monai_app.dicom.decoding import Frame, decode
from monai_app.dicom.header import read_pixel_elements, transfer_syntax

_TAGS = [
    "Rows",
    "Columns",
    "NumberOfFrames",
    "SamplesPerPixel",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "PhotometricInterpretation",
    "PixelData",
]


@dataclass(frozen=True, eq=False)
class Decoded:
    """Values of a frame.

    Attributes:
        pixels: (rows, columns), or the coarser (ceil(rows / 2^level), ceil(columns / 2^level)).
        level: wavelet level; 0 is the full image.
    """

    pixels: Stored
    level: int


def decompressed(path: Path, *, frame: int = 0, longest_side_px: int | None = None) -> Decoded:
    """Decode a frame of a file whose header was found sound.

    Args:
        longest_side_px: all that the caller needs; a JPEG 2000 image is then decoded at the level that is enough.

    Raises:
        InputRejected: ``NO_PIXELS``, ``TRUNCATED``, ``HEADER_MISMATCH``, ``DECODE_FAILED``, ``DECODE_TIMEOUT`` or
            ``DECODE_MEMORY``.
    """
    dataset = read_pixel_elements(path, _TAGS)
    if not dataset.get("PixelData"):
        raise InputRejected("NO_PIXELS", "the file holds no pixel data")
    frames = int(dataset.get("NumberOfFrames") or 1)
    try:
        data = get_frame(dataset.PixelData, frame, number_of_frames=frames)
    except Exception as error:  # encapsulation of foreign bytes may fail in any way
        raise InputRejected(
            "DECODE_FAILED", "the compressed pixel data are not encapsulated soundly", got=type(error).__name__
        ) from None
    if not ends(data):
        raise InputRejected(
            "TRUNCATED", "the compressed pixel data stop before their end marker", remedy="Transfer the file again."
        )
    promised, claimed = (int(dataset.Rows), int(dataset.Columns)), codestream_shape(data)
    if claimed is not None and claimed != promised:
        raise InputRejected(
            "HEADER_MISMATCH",
            "the compressed image has another size than the header",
            got=claimed,
            expected=promised,
        )
    options: dict[str, int | str] = {
        "rows": promised[0],
        "columns": promised[1],
        "samples_per_pixel": int(dataset.SamplesPerPixel),
        "bits_allocated": int(dataset.BitsAllocated),
        "bits_stored": int(dataset.BitsStored),
        "photometric_interpretation": str(dataset.PhotometricInterpretation),
        "pixel_representation": int(dataset.get("PixelRepresentation") or 0),
    }
    syntax = transfer_syntax(dataset)
    stream = jpeg2000.parse(data) if longest_side_px is not None and syntax in jpeg2000.SYNTAXES else None
    if stream is None or longest_side_px is None or not _as_header(stream, dataset):
        return Decoded(decode(Frame(syntax, data, options)), level=0)
    level = jpeg2000.enough_level(stream, longest_side_px=longest_side_px)
    coarse = Frame(syntax, data, options, level=level, precision=stream.precision, signed=stream.signed)
    return Decoded(decode(coarse), level=level)


def _as_header(stream: jpeg2000.CodeStream, dataset: pydicom.Dataset) -> bool:
    """Whether sample values need none of the corrections that a full decode makes for streams unlike their header."""
    return stream.precision <= int(dataset.BitsStored) and stream.signed is (dataset.get("PixelRepresentation") == 1)


def ends(data: bytes) -> bool:
    """Whether a JPEG or JPEG-LS stream has its end marker; without it decoders fill up the image and say nothing.

    Other streams pass: decoders of JPEG 2000 and RLE notice themselves.
    """
    return data[:2] != b"\xff\xd8" or data.rstrip(b"\0").endswith(b"\xff\xd9")


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
