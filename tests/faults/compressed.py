"""Compressed films, and code streams that lie about themselves."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydicom import uid
from pydicom.dataset import FileDataset
from pydicom.encaps import encapsulate
from pydicom.pixels import get_encoder

from tests.faults.films import film_dataset

SYNTAXES = {
    "JPEG 2000": uid.JPEG2000Lossless,
    "JPEG-LS": uid.JPEGLSLossless,
    "RLE": uid.RLELossless,
}


def texture(height: int, width: int, *, bits: int = 12) -> np.ndarray:
    """Soft shapes with fine grain and one bright letter-like block, (height, width) uint16."""
    rows, columns = np.mgrid[0:height, 0:width]
    soft = np.sin(rows / 37) * np.cos(columns / 23) + np.sin((rows + 2 * columns) / 71)
    grain = np.random.default_rng(0).normal(0, 0.02, soft.shape)
    values = 0.5 + 0.2 * soft + grain
    values[height // 8 : height // 6, width // 8 : width // 5] = 1.0
    return np.round(np.clip(values, 0, 1) * ((1 << bits) - 1)).astype(np.uint16)


def compressed_film(pixels: np.ndarray, syntax: str = "JPEG 2000", **elements: Any) -> FileDataset:
    """A film with its pixels compressed without loss."""
    dataset = film_dataset(pixels, **elements)
    dataset.compress(SYNTAXES[syntax])
    return dataset


def code_stream(pixels: np.ndarray, *, bits: int = 12) -> bytes:
    """A JPEG 2000 code stream without loss."""
    data = get_encoder(uid.JPEG2000Lossless).encode(
        pixels,
        rows=pixels.shape[0],
        columns=pixels.shape[1],
        samples_per_pixel=1,
        number_of_frames=1,
        bits_allocated=16,
        bits_stored=bits,
        pixel_representation=int(np.issubdtype(pixels.dtype, np.signedinteger)),
        photometric_interpretation="MONOCHROME2",
    )
    return bytes(data)


def with_stream(dataset: FileDataset, data: bytes, syntax: str) -> FileDataset:
    """The dataset with this code stream as its pixels."""
    dataset.PixelData = encapsulate([data])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = uid.UID(syntax)
    return dataset


def inflating_film(path: Path, side_px: int) -> Path:
    """A film of a few hundred bytes whose header and code stream both claim ``side_px`` squared pixels."""
    data = bytearray(code_stream(np.zeros((64, 64), np.uint16)))
    for at in (8, 12, 24, 28):  # image and tile sizes of the SIZ segment
        data[at : at + 4] = side_px.to_bytes(4, "big")
    dataset = with_stream(film_dataset(np.zeros((4, 4), np.uint16)), bytes(data), uid.JPEG2000Lossless)
    dataset.Rows = dataset.Columns = side_px
    dataset.save_as(path, enforce_file_format=True)
    return path


def jpeg(pixels: np.ndarray) -> bytes:
    """Eight-bit baseline JPEG."""
    stream = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(stream, "JPEG")
    return stream.getvalue()
