"""JPEG 2000 headers: what the stream is, and a level that is coarse enough but never too coarse."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.dicom.jpeg2000 import OVERSAMPLING, CodeStream, enough_level, parse
from tests.faults.compressed import code_stream, texture


def stream(rows: int, columns: int, **changes: object) -> CodeStream:
    plain = {"components": 1, "precision": 12, "signed": False, "levels": 5, "plain": True}
    return CodeStream(rows=rows, columns=columns, **{**plain, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("signed", [False, True])
def test_header_tells_what_was_encoded(signed: bool) -> None:
    pixels = texture(65, 47).astype(np.int16) - 2048 if signed else texture(65, 47)
    header = parse(code_stream(pixels))
    assert header == stream(65, 47, signed=signed, levels=header.levels if header else 0)
    assert header is not None and header.levels >= 3


def test_every_cut_of_the_header_is_read_or_refused() -> None:
    data = code_stream(texture(65, 47))
    whole = parse(data)
    assert {parse(data[:length]) for length in range(len(data))} == {None, whole}


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff\xe0", b"\xff\x4f\xff\x51" + b"\xff" * 200, bytes(100)])
def test_other_data_are_no_code_stream(data: bytes) -> None:
    found = parse(data)
    assert found is None or enough_level(found, longest_side_px=64) == 0


def test_the_level_leaves_enough_pixels_and_the_next_would_not() -> None:
    for side in range(64, 3000, 17):
        level = enough_level(stream(side, side // 2), longest_side_px=100)
        assert level == 0 or side >> level >= OVERSAMPLING * 100
        assert level == 5 or side >> level + 1 < OVERSAMPLING * 100


@pytest.mark.parametrize("changes", [{"components": 3}, {"plain": False}, {"precision": 24}, {"levels": 0}])
def test_unusual_streams_are_decoded_in_full(changes: dict[str, object]) -> None:
    assert enough_level(stream(4000, 4000, **changes), longest_side_px=100) == 0
