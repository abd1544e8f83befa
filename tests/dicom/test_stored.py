"""Stored values: what a compressed stream claims about its size is known before it is decoded."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRBigEndian, JPEGBaseline8Bit

from monai_app.core.errors import InputRejected
from monai_app.dicom.compressed import codestream_shape
from monai_app.dicom.film import read_film
from tests.faults.films import film_dataset, ramp, write_film


def encoded(kind: str, shape: tuple[int, int]) -> bytes:
    """A grey ramp as JPEG or as a raw JPEG 2000 codestream."""
    stream = io.BytesIO()
    options = {"no_jp2": True} if kind == "JPEG2000" else {}
    Image.fromarray((ramp(*shape) >> 4).astype(np.uint8)).save(stream, kind, **options)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "JPEG2000"])
def test_codestream_tells_its_shape(kind: str) -> None:
    assert codestream_shape(encoded(kind, (48, 33))) == (48, 33)


@pytest.mark.parametrize("data", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe0\x00\x10", b"RLE or anything else"])
def test_other_streams_tell_nothing(data: bytes) -> None:
    assert codestream_shape(data) is None


def jpeg_film(path: Path, shape: tuple[int, int]) -> Path:
    """A JPEG film whose header says 40 x 32."""
    dataset = film_dataset((ramp() >> 4).astype(np.uint8), BitsStored=8, HighBit=7)
    dataset.PixelData = encapsulate([encoded("JPEG", shape)])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_compressed_film_is_decoded(tmp_path: Path) -> None:
    assert read_film(jpeg_film(tmp_path / "x.dcm", (40, 32))).pixels.shape == (40, 32)


def test_compressed_film_of_another_size_than_its_header_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="HEADER_MISMATCH"):
        read_film(jpeg_film(tmp_path / "x.dcm", (48, 32)))


def test_big_endian_film_equals_its_little_endian_twin(tmp_path: Path) -> None:
    little = film_dataset(ramp().byteswap())
    little.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    big = FileDataset("", little, file_meta=little.file_meta, is_implicit_VR=False, is_little_endian=False)
    big.save_as(tmp_path / "big.dcm", enforce_file_format=True)
    twin = read_film(write_film(tmp_path / "little.dcm"))
    np.testing.assert_array_equal(read_film(tmp_path / "big.dcm").pixels, twin.pixels)
