"""Reading a radiographic film: one grey CR or DX frame as a reader would see it, in [0, 1] with white for dense.

What the file says about display is applied (display.py), padding is black and outside every normalisation, and what
is no single grey film is rejected with a code, before its pixels are allocated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom

from monai_app.core.errors import InputRejected
from monai_app.dicom.area import Floats, Stored, area_mean, fitted_shape
from monai_app.dicom.compressed import Decoded
from monai_app.dicom.display import DISPLAY_TAGS, Display, build_display, shows_fixed_values
from monai_app.dicom.header import Header, check_size, read_header
from monai_app.dicom.stored import PIXEL_TAGS, Padding, coarse_values, padding_of

MODALITIES = ("CR", "DX", "RG")
"""Computed, digital and other radiography."""

LEAST_CONTRAST = 1e-6
"""A displayed range below this is rounding: one stored step of a full 16-bit window is 15 times more."""

_TAGS = [
    *PIXEL_TAGS,
    *DISPLAY_TAGS,
    "Modality",
    "ViewPosition",
    "BodyPartExamined",
    "PatientOrientation",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "EstimatedRadiographicMagnificationFactor",
]


Letters = tuple[str, str, str, str]

_DIRECTIONS = {"R": "R", "L": "L", "A": "A", "P": "P", "H": "S", "F": "I"}
_OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "S": "I", "I": "S"}


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
        letters: patient directions at the left, right, top and bottom edge (R, L, A, P, S, I), from PatientOrientation
            (PS3.3 C.7.6.1.1.1); None where the file does not say.
    """

    pixels: Floats
    spacing_mm: tuple[float, float] | None
    view: str
    body_part: str
    inverted: bool
    letters: Letters | None = None


def read_film(path: str | Path, *, longest_side_px: int | None = None) -> Film:
    """Read a film.

    Args:
        longest_side_px: area-average down to this longer side (aspect kept, never enlarged); None keeps all pixels.
            A JPEG 2000 film is decoded at a coarser wavelet level where that level is enough (jpeg2000.py).

    Raises:
        InputRejected: ``FILE_NOT_FOUND``, ``DICOM_UNREADABLE``, ``TRANSFER_SYNTAX``, ``WRONG_MODALITY``,
            ``NOT_MONOCHROME``, ``MULTI_FRAME``, ``NO_PIXELS``, ``TOO_LARGE``, ``TRUNCATED``, ``PIXEL_FORMAT``,
            ``HEADER_MISMATCH``, ``DECODE_FAILED``, ``DECODE_TIMEOUT``, ``DECODE_MEMORY``, ``NOT_FINITE``,
            ``RESCALE_INVALID``, ``VOI_INVALID`` or ``NO_CONTENT``.
    """
    source = Path(path)
    opened = read_film_header(source)
    header, pixels_at = opened.dataset, opened.pixels_at
    padding = padding_of(header)
    enough_px = longest_side_px if padding is None and shows_fixed_values(header) else None
    decoded = coarse_values(source, header, pixels_at=pixels_at, enough_px=enough_px)
    stored = decoded.pixels
    display = build_display(
        header,
        bits=int(header.BitsStored),
        signed=header.get("PixelRepresentation") == 1,
        extremes=lambda: _extremes(stored, padding),
    )
    if decoded.level:
        assert longest_side_px is not None, "a coarser level was asked for"
        pixels = _of_coarse(decoded, header, display, longest_side_px)
    else:
        pixels = _displayed(stored, display, padding, longest_side_px)
    return Film(
        pixels=pixels,
        spacing_mm=_spacing_mm(header, header.Rows / pixels.shape[0], header.Columns / pixels.shape[1]),
        view=str(header.get("ViewPosition") or "").upper(),
        body_part=str(header.get("BodyPartExamined") or "").upper(),
        inverted=display.inverted,
        letters=edge_letters(header.get("PatientOrientation")),
    )


def read_film_header(path: Path) -> Header:
    """The header of a film, checked without reading its pixels.

    Raises:
        InputRejected: as :func:`read_film` of what the header tells.
    """
    opened = read_header(path, _TAGS)
    _check_film(opened.dataset)
    check_size(opened.dataset, file_bytes=path.stat().st_size, pixels_at=opened.pixels_at)
    return opened


def edge_letters(orientation: Sequence[str] | None) -> Letters | None:
    """Patient directions at the left, right, top and bottom edge.

    Args:
        orientation: PatientOrientation: where rows lead to, then where columns lead to; of several letters the first
            is the main one.
    """
    told = [str(part)[:1].upper() for part in orientation or ()]
    if len(told) != 2 or not set(told) <= set(_DIRECTIONS):
        return None
    right, bottom = (_DIRECTIONS[part] for part in told)
    return _OPPOSITE[right], right, _OPPOSITE[bottom], bottom


def _check_film(header: pydicom.Dataset) -> None:
    if header.get("Modality") not in MODALITIES:
        raise InputRejected("WRONG_MODALITY", "the file is no radiographic film", expected=" or ".join(MODALITIES))
    grey = header.get("PhotometricInterpretation") in ("MONOCHROME1", "MONOCHROME2")
    if not grey or header.get("SamplesPerPixel") != 1:
        raise InputRejected("NOT_MONOCHROME", "the image is in colour", expected="one channel, MONOCHROME1 or 2")
    if int(header.get("NumberOfFrames") or 1) != 1:
        raise InputRejected("MULTI_FRAME", "the file holds several frames", expected="one frame")


def _extremes(stored: Stored, padding: Padding | None) -> tuple[int, int]:
    """Least and greatest stored value that is no padding.

    Raises:
        InputRejected: ``NO_CONTENT`` where all values are equal or padding.
    """
    kept = stored if padding is None else stored[padding.outside(stored)]
    low, high = (int(kept.min()), int(kept.max())) if kept.size else (0, 0)
    if low == high:
        raise _no_content()
    return low, high


def _displayed(stored: Stored, display: Display, padding: Padding | None, longest_side_px: int | None) -> Floats:
    valid = None if padding is None else padding.outside
    if longest_side_px is not None and longest_side_px < max(stored.shape):
        shape = fitted_shape(stored.shape[0], stored.shape[1], longest_side_px)
        means, counted = area_mean(stored, shape, convert=display.limit, valid=valid)
        pixels, inside = display.scaled(means), counted > 0
    else:
        pixels = display(stored)
        inside = np.ones(stored.shape, np.bool_) if valid is None else valid(stored)
    _check_contrast(pixels[inside])
    return np.where(inside, pixels, np.float32(0))


def _of_coarse(decoded: Decoded, header: pydicom.Dataset, display: Display, longest_side_px: int) -> Floats:
    """Average a coarser wavelet level over the cells that the full image would be averaged over.

    Sample k of a level is centred on pixel k * 2^level (ISO 15444-1, F.3), not on the middle of the 2^level pixels
    that it stands for, so the full image starts and ends at fractions of its samples.
    """
    step, sides = 1 << decoded.level, (int(header.Rows), int(header.Columns))
    extent = tuple((0.5 - 0.5 / step, (side - 0.5) / step + 0.5) for side in sides)
    shape = fitted_shape(*sides, longest_side_px)
    means, _ = area_mean(decoded.pixels, shape, convert=display.limit, extent=(extent[0], extent[1]))
    pixels = display.scaled(means)
    _check_contrast(pixels)
    return pixels


def _check_contrast(content: Floats) -> None:
    if content.size == 0 or float(content.max()) - float(content.min()) < LEAST_CONTRAST:
        raise _no_content()


def _no_content() -> InputRejected:
    return InputRejected(
        "NO_CONTENT",
        "the film shows nothing: all its pixels are equal",
        expected="an image with contrast",
        remedy="Check the exposure or the window of the file.",
    )


def _spacing_mm(header: pydicom.Dataset, rows_factor: float, columns_factor: float) -> tuple[float, float] | None:
    """PixelSpacing is at the patient once calibrated; ImagerPixelSpacing is at the detector (PS3.3 10.7.1.3)."""
    spacing = header.get("PixelSpacing")
    magnification = 1.0
    if spacing is None:
        spacing = header.get("ImagerPixelSpacing")
        magnification = float(header.get("EstimatedRadiographicMagnificationFactor") or 1.0)
    if spacing is None or len(spacing) != 2 or not all(float(value) > 0 for value in spacing) or magnification <= 0:
        return None
    return float(spacing[0]) / magnification * rows_factor, float(spacing[1]) / magnification * columns_factor
