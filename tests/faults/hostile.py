"""DICOM files that are built to break a parser (faults.md, rows 31 to 33)."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import pydicom
from pydicom.uid import DeflatedExplicitVRLittleEndian

UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = (0xFFFE, 0xE000), (0xFFFE, 0xE00D), (0xFFFE, 0xE0DD)


def _tag(tag: tuple[int, int], length: int) -> bytes:
    return struct.pack("<HHI", *tag, length)


def nested_sequences(depth: int, *, tag: tuple[int, int], explicit_length: bool) -> bytes:
    """A sequence in a sequence in a sequence, Explicit VR Little Endian."""
    data = b""
    for _ in range(depth):
        if explicit_length:
            item = _tag(_ITEM, len(data)) + data
            data = struct.pack("<HH2sHI", *tag, b"SQ", 0, len(item)) + item
        else:
            item = _tag(_ITEM, UNDEFINED) + data + _tag(_ITEM_END, 0)
            data = struct.pack("<HH2sHI", *tag, b"SQ", 0, UNDEFINED) + item + _tag(_SEQUENCE_END, 0)
    return data


def nest(path: Path, depth: int, *, tag: tuple[int, int], explicit_length: bool) -> Path:
    """Put nested sequences into a sound file, where their tag belongs."""
    whole = path.read_bytes()
    dataset = pydicom.dcmread(path)
    behind = min(element.tag for element in dataset if element.tag > pydicom.tag.Tag(tag))
    at = whole.index(struct.pack("<HH", behind.group, behind.element), 132 + 12 + dataset.file_meta[0x00020000].value)
    nested = nested_sequences(depth, tag=tag, explicit_length=explicit_length)
    path.write_bytes(whole[:at] + nested + whole[at:])
    return path


def deflate_bomb(path: Path, megabytes: int) -> Path:
    """Turn a sound file into one of a deflated transfer syntax that inflates to a comment of zeros."""
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(path, enforce_file_format=True)
    whole = path.read_bytes()
    start = 132 + 12 + pydicom.dcmread(path).file_meta[0x00020000].value
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(struct.pack("<HH2sHI", 0x0009, 0x1001, b"OB", 0, megabytes << 20))
    for _ in range(megabytes):
        packed += packer.compress(bytes(1 << 20))
    path.write_bytes(whole[:start] + packed + packer.flush())
    return path


GIANTS: dict[str, dict[str, Any]] = {
    "65535 squared": {"Rows": 65535, "Columns": 65535},
    "65535 squared, 10,000 frames": {"Rows": 65535, "Columns": 65535, "NumberOfFrames": 10_000},
    "many frames": {"NumberOfFrames": 2_000_000_000},
    "one long row": {"Rows": 1, "Columns": 65535},
}
"""What a header may promise of a file of a few kilobytes."""
