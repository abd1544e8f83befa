"""Compressed frames: the same values as uncompressed, coarser only where that is enough and equal within tolerance."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import uid
from pydicom.encaps import get_frame

from monai_app.core.errors import InputRejected
from monai_app.dicom import decoding, jpeg2000
from monai_app.dicom.compressed import decompressed
from monai_app.dicom.decoding import DecodeLimits, DecoderPool
from monai_app.dicom.film import read_film
from tests.faults.compressed import SYNTAXES, compressed_film, inflating_film, jpeg, texture, with_stream
from tests.faults.films import film_dataset, write_film

MEAN_TOLERANCE, SINGLE_TOLERANCE = 1e-3, 0.1
"""Of the displayed range: the mean difference of a coarsely decoded film, and any pixel's at a hard edge."""

WINDOW = {"WindowCenter": 2048.0, "WindowWidth": 4096.0}


def saved(path: Path, dataset: Any) -> Path:
    dataset.save_as(path, enforce_file_format=True)
    return path


@pytest.mark.parametrize("syntax", sorted(SYNTAXES))
@pytest.mark.parametrize("signed", [False, True])
def test_compressed_film_equals_its_uncompressed_twin(tmp_path: Path, syntax: str, signed: bool) -> None:
    pixels = texture(65, 47).astype(np.int16) - 2048 if signed else texture(65, 47)
    packed = read_film(saved(tmp_path / "x", compressed_film(pixels, syntax)))
    np.testing.assert_array_equal(packed.pixels, read_film(write_film(tmp_path / "y", pixels)).pixels)


@pytest.mark.parametrize("shape", [(512, 384), (511, 385), (381, 510)])
@pytest.mark.parametrize("signed", [False, True])
def test_coarse_film_equals_the_average_of_the_full_one(tmp_path: Path, shape: tuple[int, int], signed: bool) -> None:
    pixels = texture(*shape).astype(np.int16) - 2048 if signed else texture(*shape)
    window = WINDOW if not signed else {"WindowCenter": 0.0, "WindowWidth": 4096.0}
    path = saved(tmp_path / "x", compressed_film(pixels, **window))
    assert decompressed(path, longest_side_px=60).level == 2
    coarse = read_film(path, longest_side_px=60)
    full = read_film(write_film(tmp_path / "y", pixels, **window), longest_side_px=60)
    difference = np.abs(coarse.pixels - full.pixels)
    assert coarse.pixels.shape == full.pixels.shape and coarse.spacing_mm == pytest.approx(full.spacing_mm)
    assert difference.mean() < 2 * MEAN_TOLERANCE and difference.max() < SINGLE_TOLERANCE  # this film is mostly grain


def test_coarse_film_is_not_shifted(tmp_path: Path) -> None:
    rows, columns = np.mgrid[0:512, 0:384]
    ramp = np.round(200 + 3 * rows + 5 * columns).astype(np.uint16)
    path = saved(tmp_path / "x", compressed_film(ramp, **WINDOW))
    full = read_film(write_film(tmp_path / "y", ramp, **WINDOW), longest_side_px=64)
    difference = read_film(path, longest_side_px=64).pixels - full.pixels
    assert np.abs(difference[1:-1, 1:-1]).max() < 3 / 4095  # half a pixel of the full film would be 4, of the level 16


@pytest.mark.parametrize("name", ["RG1_J2KI.dcm", "RG3_J2KI.dcm"])
def test_real_films_equal_their_full_decode_within_the_stated_tolerance(
    shared_data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = shared_data("dicom") / "zoo/pydicom-data" / name
    sides = (128, 224)
    coarse = [read_film(path, longest_side_px=side).pixels for side in sides]
    monkeypatch.setattr(jpeg2000, "OVERSAMPLING", 1000)
    for one, side in zip(coarse, sides, strict=True):
        difference = np.abs(one - read_film(path, longest_side_px=side).pixels)
        assert 0 < difference.mean() < MEAN_TOLERANCE
        assert np.quantile(difference, 0.999) < 0.01 and difference.max() < SINGLE_TOLERANCE


@pytest.mark.parametrize("elements", [{}, {**WINDOW, "PixelPaddingValue": 0}])
def test_film_whose_display_needs_all_pixels_is_decoded_in_full(tmp_path: Path, elements: dict[str, Any]) -> None:
    pixels = texture(512, 384)
    packed = read_film(saved(tmp_path / "x", compressed_film(pixels, **elements)), longest_side_px=60)
    full = read_film(write_film(tmp_path / "y", pixels, **elements), longest_side_px=60)
    np.testing.assert_array_equal(packed.pixels, full.pixels)


def test_a_stream_that_claims_another_size_is_refused_before_decoding(tmp_path: Path) -> None:
    film = compressed_film(texture(64, 64))
    film.Rows = 32
    with pytest.raises(InputRejected, match="HEADER_MISMATCH"):
        read_film(saved(tmp_path / "x", film))


def test_a_stream_that_inflates_is_refused_by_its_header_or_its_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputRejected, match="TOO_LARGE"):
        read_film(inflating_film(tmp_path / "x", 65535))
    pool = DecoderPool(1, limits=DecodeLimits(spare_bytes=8 << 20, bytes_per_pixel=1))
    monkeypatch.setattr(decoding, "_shared", [pool])
    with pytest.raises(InputRejected, match="DECODE_MEMORY"):
        read_film(inflating_film(tmp_path / "y", 4000))
    pool.close()


@pytest.mark.parametrize("syntax", ["JPEG", *sorted(SYNTAXES)])
@pytest.mark.parametrize("part", [0.1, 0.5, 0.9, 0.99])
def test_a_stream_that_was_cut_is_never_filled_up(tmp_path: Path, syntax: str, part: float) -> None:
    pixels = texture(64, 64)
    if syntax == "JPEG":
        data, name = jpeg(pixels >> 4), uid.JPEGBaseline8Bit
        film = film_dataset((pixels >> 4).astype(np.uint8), BitsStored=8, HighBit=7)
    else:
        film, name = compressed_film(pixels, syntax), SYNTAXES[syntax]
        data = get_frame(film.PixelData, 0, number_of_frames=1)
    read_film(saved(tmp_path / "whole", with_stream(film, data, name)))
    with pytest.raises(InputRejected, match="TRUNCATED|DECODE_FAILED"):
        read_film(saved(tmp_path / "cut", with_stream(film, data[: int(len(data) * part)], name)))


@pytest.mark.parametrize("syntax", sorted(SYNTAXES))
def test_damaged_streams_are_refused_or_read_never_more(tmp_path: Path, syntax: str) -> None:
    film = compressed_film(texture(64, 64), syntax)
    data = film.PixelData
    for at, value in itertools.product(range(20, len(data), len(data) // 12), (0x00, 0xFF)):
        film.PixelData = data[:at] + bytes([value]) + data[at + 1 :]
        try:
            assert read_film(saved(tmp_path / "x", film)).pixels.shape == (64, 64)
        except InputRejected as error:
            assert error.code in ("DECODE_FAILED", "HEADER_MISMATCH", "DICOM_UNREADABLE", "NO_PIXELS", "TRUNCATED")


def test_no_pixels_is_its_own_code(tmp_path: Path) -> None:
    film = compressed_film(texture(64, 64))
    del film.PixelData
    with pytest.raises(InputRejected, match="NO_PIXELS"):
        read_film(saved(tmp_path / "x", film))
