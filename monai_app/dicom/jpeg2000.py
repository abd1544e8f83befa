"""What the main header of a JPEG 2000 code stream says (ISO 15444-1, A.4 to A.6), and which level of it is enough."""

from __future__ import annotations

import struct
from dataclasses import dataclass

SYNTAXES = (
    "1.2.840.10008.1.2.4.90",
    "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.201",
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
)
"""Transfer syntaxes of JPEG 2000 and High-Throughput JPEG 2000 of single images."""

OVERSAMPLING = 2
"""A coarser level is averaged further down by at least this: the low-pass filters of a level are no exact averages.

Measured on the two JPEG 2000 films of the data pack at 128 to 384 px, as a part of the displayed range: the mean
difference from the averaged full image is at most .0007 and the largest, at the edge of a letter, .028; with 1 they
are .002 and .084, with 4 .0002 and .008 (docs/reading.md).
"""

_SIZ = struct.Struct(">HHIIIIIIIIH")


@dataclass(frozen=True)
class CodeStream:
    """A main header.

    Attributes:
        rows: of the image.
        columns: of the image.
        components: samples per pixel.
        precision: bits of a sample.
        signed: samples are signed.
        levels: wavelet levels that may be left out.
        plain: one tile that starts at the origin.
    """

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool
    levels: int
    plain: bool


def parse(data: bytes) -> CodeStream | None:
    """The main header, None where the data are no JPEG 2000 code stream or end within it."""
    if data[:4] != b"\xff\x4f\xff\x51" or len(data) < 4 + _SIZ.size + 3:
        return None
    _, _, right, bottom, left, top, tile_width, tile_height, tile_left, tile_top, components = _SIZ.unpack_from(data, 4)
    depth, at = data[4 + _SIZ.size], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (0x90, 0xD9):
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if data[at + 1] == 0x52 and at + 10 <= len(data):
            return CodeStream(
                rows=bottom - top,
                columns=right - left,
                components=components,
                precision=(depth & 0x7F) + 1,
                signed=bool(depth & 0x80),
                levels=data[at + 9],
                plain=not any((left, top, tile_left, tile_top)) and tile_width >= right and tile_height >= bottom,
            )
        at += 2 + max(length, 2)
    return None


def enough_level(stream: CodeStream, *, longest_side_px: int) -> int:
    """The coarsest level whose longer side is still ``OVERSAMPLING`` times what is wanted; 0 is the full image."""
    if stream.components != 1 or not stream.plain or stream.precision > 16:
        return 0
    longest, level = max(stream.rows, stream.columns), 0
    while level < stream.levels and longest >> (level + 1) >= OVERSAMPLING * longest_side_px:
        level += 1
    return level
