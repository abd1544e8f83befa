"""Reading a radiographic film: one grey CR or DX frame as a reader would see it, in [0, 1] with white for dense.

What the file says about display is applied (display.py), padding is black and outside every normalisation, and what
is no single grey film is rejected with a code, before its pixels are allocated.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

from monai_app.core.errors import InputRejected
from monai_app.dicom.area import Block, Floats, area_mean, fitted_shape
from monai_app.dicom.display import DISPLAY_TAGS, Display, build_display
from monai_app.dicom.header import check_size, read_header, read_pixel_elements
from monai_app.dicom.stored import PIXEL_TAGS, padding_test, stored_values

MODALITIES = ("CR", "DX", "RG")
"""Computed, digital and other radiography."""

_TAGS = [
    *PIXEL_TAGS,
    *DISPLAY_TAGS,
    "Modality",
    "ViewPosition",
    "BodyPartExamined",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "EstimatedRadiographicMagnificationFactor",
]


@dataclass(frozen=True, eq=False)
class Film:
    """A film.

    Attributes:
        pixels: (H, W) float32 in [0, 1], MONOCHROME2 sense.
        spacing_mm: (between rows, between columns) of ``pixels``, at the patient where the file is calibrated or
            gives the magnification, else at the detector; None where unknown.
        view: ViewPosition as stored (AP, PA, LL, ...), empty where unknown.
        body_part: BodyPartExamined as stored.
        inverted: the file was MONOCHROME1.
    """

    pixels: Floats
    spacing_mm: tuple[float, float] | None
    view: str
    body_part: str
    inverted: bool


def read_film(path: str | Path, *, longest_side_px: int | None = None) -> Film:
    """Read a film.

    Args:
        longest_side_px: area-average down to this longer side (aspect kept, never enlarged); None keeps all pixels.

    Raises:
        InputRejected: ``FILE_NOT_FOUND``, ``DICOM_UNREADABLE``, ``TRANSFER_SYNTAX``, ``WRONG_MODALITY``,
            ``NOT_MONOCHROME``, ``MULTI_FRAME``, ``NO_PIXELS``, ``TOO_LARGE``, ``TRUNCATED``, ``PIXEL_FORMAT``,
            ``HEADER_MISMATCH``, ``DECODE_FAILED``, ``NOT_FINITE``, ``RESCALE_INVALID``, ``VOI_INVALID`` or
            ``NO_CONTENT``.
    """
    source = Path(path)
    header = read_header(source, _TAGS)
    _check_film(header)
    check_size(header, file_bytes=source.stat().st_size)
    dataset = read_pixel_elements(source, [*_TAGS, "PixelData"])
    stored = stored_values(dataset)
    padding = padding_test(dataset)
    extremes, padded = _extremes(stored, padding)
    display = build_display(
        dataset, bits=int(dataset.BitsStored), signed=dataset.get("PixelRepresentation") == 1, extremes=extremes
    )
    pixels = _displayed(stored, display, padding if padded else None, longest_side_px)
    return Film(
        pixels=pixels,
        spacing_mm=_spacing_mm(dataset, stored.shape[0] / pixels.shape[0], stored.shape[1] / pixels.shape[1]),
        view=str(dataset.get("ViewPosition") or "").upper(),
        body_part=str(dataset.get("BodyPartExamined") or "").upper(),
        inverted=display.inverted,
    )


def _check_film(header: pydicom.Dataset) -> None:
    if header.get("Modality") not in MODALITIES:
        raise InputRejected("WRONG_MODALITY", "the file is no radiographic film", expected=" or ".join(MODALITIES))
    if header.get("SamplesPerPixel") != 1 or header.get("PhotometricInterpretation") not in (
        "MONOCHROME1",
        "MONOCHROME2",
    ):
        raise InputRejected(
            "NOT_MONOCHROME", "the image is in colour", expected="one grey channel, MONOCHROME1 or MONOCHROME2"
        )
    if int(header.get("NumberOfFrames") or 1) != 1:
        raise InputRejected("MULTI_FRAME", "the file holds several frames", expected="one frame")


def _extremes(stored: Block, padding: tuple[int, int] | None) -> tuple[tuple[int, int], bool]:
    """Least and greatest stored value that is no padding, and whether there is any padding.

    Raises:
        InputRejected: ``NO_CONTENT`` where all values are equal or padding.
    """
    low, high, padded = int(stored.min()), int(stored.max()), False
    if padding is not None and padding[0] <= high and padding[1] >= low:
        inside = _outside(padding)(stored)
        padded = not bool(inside.all())
        kept = stored[inside] if padded else stored
        low, high = (int(kept.min()), int(kept.max())) if kept.size else (0, 0)
    if low == high:
        raise _no_content()
    return (low, high), padded


def _outside(padding: tuple[int, int]) -> Callable[[Block], np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    low, high = padding
    if low == high:
        return lambda block: block != low
    return lambda block: (block < low) | (block > high)


def _displayed(stored: Block, display: Display, padding: tuple[int, int] | None, longest_side_px: int | None) -> Floats:
    valid = None if padding is None else _outside(padding)
    if longest_side_px is not None and longest_side_px < max(stored.shape):
        shape = fitted_shape(stored.shape[0], stored.shape[1], longest_side_px)
        pixels, counted = area_mean(stored, shape, convert=display, valid=valid)
        content = pixels[counted > 0]
    else:
        pixels = display(stored)
        content = pixels if valid is None else pixels[valid(stored)]
        if valid is not None:
            pixels = np.where(valid(stored), pixels, np.float32(0))
    if content.size == 0 or float(content.min()) == float(content.max()):
        raise _no_content()
    return pixels


def _no_content() -> InputRejected:
    return InputRejected(
        "NO_CONTENT",
        "the film shows nothing: all its pixels are equal",
        expected="an image with contrast",
        remedy="Check the exposure or the window of the file.",
    )


def _spacing_mm(dataset: pydicom.Dataset, rows_factor: float, columns_factor: float) -> tuple[float, float] | None:
    """PixelSpacing is at the patient once calibrated; ImagerPixelSpacing is at the detector (PS3.3 10.7.1.3)."""
    spacing = dataset.get("PixelSpacing")
    magnification = 1.0
    if spacing is None:
        spacing = dataset.get("ImagerPixelSpacing")
        magnification = float(dataset.get("EstimatedRadiographicMagnificationFactor") or 1.0)
    if spacing is None or len(spacing) != 2 or not all(float(value) > 0 for value in spacing) or magnification <= 0:
        return None
    return float(spacing[0]) / magnification * rows_factor, float(spacing[1]) / magnification * columns_factor
