"""Opening a DICOM file that nobody vouches for: sizes are checked against the file before anything is allocated."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.filereader import read_file_meta_info, read_partial
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from monai_app.core.errors import InputRejected
from monai_app.dicom.element_memo import ElementMemo
from monai_app.dicom.functional_groups import ENHANCED_GROUPS
from monai_app.dicom.quiet import quietly

MAX_PIXELS = 100_000_000
"""No film detector has more; 43 x 43 cm at 50 micrometres has 74 million."""


_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
"""Float, double float and integer pixel data."""


@dataclass(frozen=True, eq=False)
class Header:
    """What stands in a file before its pixels.

    Attributes:
        dataset: the named elements with the file meta information.
        pixels_at: byte of the file where they end.
        grouped: the file has functional groups, whether or not they were asked for.
        stamp: size and time of the file, which tell that it was changed since.
    """

    dataset: pydicom.Dataset
    pixels_at: int
    grouped: bool
    stamp: tuple[int, int]


def read_header(path: Path, tags: list[str], *, later: Sequence[str] = (), memo: ElementMemo | None = None) -> Header:
    """The named elements before the pixel data with the file meta information.

    Args:
        later: further elements, none of them in ``tags``, that are held as bytes until :func:`settle`.
        memo: of the other files of the folder or series.

    Raises:
        InputRejected: ``FILE_NOT_FOUND``, ``DICOM_UNREADABLE``, ``TRANSFER_SYNTAX``.
    """
    if not path.is_file():
        raise InputRejected("FILE_NOT_FOUND", "an image file is missing", remedy="Check the path that was given.")
    return _parse(path, tags, later=later, memo=memo, stop_before_pixels=True)


def read_pixel_elements(path: Path, tags: list[str]) -> pydicom.Dataset:
    """The named elements with the pixel data; call it only after the header was found sound."""
    return _parse(path, tags, later=(), memo=None, stop_before_pixels=False).dataset


def stamp_of(file: Path | int) -> tuple[int, int]:
    """Size and time of a file; (-1, -1) where it is gone."""
    try:
        state = os.fstat(file) if isinstance(file, int) else file.stat()
    except FileNotFoundError:
        return -1, -1
    return state.st_size, state.st_mtime_ns


def settle(dataset: pydicom.Dataset, memo: ElementMemo) -> None:
    """Parse what was left for later: a fault must show here, not on access.

    Raises:
        InputRejected: ``DICOM_UNREADABLE``.
    """
    with quietly(), _typed_errors():
        memo.settle(dataset)


def _parse(
    path: Path, tags: list[str], *, later: Sequence[str], memo: ElementMemo | None, stop_before_pixels: bool
) -> Header:
    wanted, kept, seen = _known_tags(tuple(tags)), _known_tags(tuple(later)), set[int]()

    def stop(tag: BaseTag, _vr: str | None, _length: int) -> bool:
        if tag in _GROUPS:
            seen.add(tag)
        return stop_before_pixels and tag in _PIXELS

    with quietly(), path.open("rb") as stream, _typed_errors():
        stamp = stamp_of(stream.fileno())
        if read_file_meta_info(path).get("TransferSyntaxUID") == DeflatedExplicitVRLittleEndian:
            raise InputRejected(
                "TRANSFER_SYNTAX",
                "a file is stored in a deflated transfer syntax, whose size cannot be checked before inflating",
                expected="an uncompressed or image-compressed transfer syntax",
                remedy="Convert it with dcmconv +te.",
            )
        dataset = read_partial(stream, stop, specific_tags=[*wanted, *kept])
        end = stream.tell()
        parsed = memo or ElementMemo()  # values are parsed on access: a fault must show here, not later
        parsed.settle(dataset.file_meta)
        parsed.settle(dataset, later=frozenset(kept))
    return Header(dataset, end, bool(seen), stamp)


@contextmanager
def _typed_errors() -> Iterator[None]:
    """A parser of foreign bytes may raise anything; nothing of it is shown."""
    try:
        yield
    except InputRejected:
        raise
    except Exception as error:
        raise InputRejected(
            "DICOM_UNREADABLE",
            "a file is not readable DICOM",
            got=type(error).__name__,
            expected="a DICOM Part 10 file",
            remedy="Transfer it again; it may be cut off.",
        ) from None


@functools.cache
def _known_tags(keywords: tuple[str, ...]) -> tuple[BaseTag | int, ...]:
    """Keywords looked up once: a series asks for the same ones in each of its files.

    They are plain numbers, which compare faster than pydicom's tags.
    """
    return tuple(int(Tag(keyword)) for keyword in keywords)


_GROUPS = frozenset(int(Tag(keyword)) for keyword in ENHANCED_GROUPS)


def check_size(dataset: pydicom.Dataset, *, file_bytes: int, pixels_at: int) -> None:
    """Compare what the header promises with what the file can hold.

    Args:
        pixels_at: where in the file the header ends.

    Raises:
        InputRejected: ``NO_PIXELS``, ``TOO_LARGE`` or ``TRUNCATED``.
    """
    rows, columns, bits = (_integer(dataset, name) for name in ("Rows", "Columns", "BitsAllocated"))
    if rows < 1 or columns < 1:
        raise InputRejected("NO_PIXELS", "the file holds no image", expected="Rows and Columns above zero")
    if rows * columns > MAX_PIXELS:
        raise InputRejected(
            "TOO_LARGE",
            "the header promises an impossible image",
            got=f"{rows} x {columns} px",
            expected=f"at most {MAX_PIXELS} px",
        )
    if pixels_at >= file_bytes:
        raise InputRejected("NO_PIXELS", "the file holds no pixel data", remedy="Transfer it again with its pixels.")
    needed = rows * columns * bits // 8 * _frames(dataset)
    if not transfer_syntax(dataset).is_compressed and needed > file_bytes:
        raise truncated(file_bytes, needed)


def truncated(got_bytes: int, needed_bytes: int) -> InputRejected:
    """The error of a file that ends too early."""
    return InputRejected(
        "TRUNCATED",
        "the pixel data are shorter than the header promises",
        got=f"{got_bytes} bytes",
        expected=f"{needed_bytes} bytes",
        remedy="Transfer the file again.",
    )


def transfer_syntax(dataset: pydicom.Dataset) -> UID:
    """The transfer syntax.

    Raises:
        InputRejected: ``TRANSFER_SYNTAX`` where it is missing or private.
    """
    uid = dataset.file_meta.get("TransferSyntaxUID")
    if not isinstance(uid, UID) or not uid.is_transfer_syntax or uid.is_private:
        raise InputRejected(
            "TRANSFER_SYNTAX", "the transfer syntax is missing or private", expected="one of DICOM PS3.5"
        )
    return uid


def _frames(dataset: pydicom.Dataset) -> int:
    try:
        return max(1, int(dataset.get("NumberOfFrames") or 1))
    except (TypeError, ValueError):
        return 1


def _integer(dataset: pydicom.Dataset, name: str) -> int:
    value = dataset.get(name)
    if not isinstance(value, int):
        raise InputRejected("NO_PIXELS", f"the file holds no image: {name} is missing or not a number")
    return value
