"""One image plane of a series as its header describes it: where it lies, how its values are stored and scaled.

DICOM PS3.3 C.7.6.2 (image plane), C.7.6.16 (functional groups of multi-frame objects), C.11.1 (modality LUT).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pydicom
from pydicom.tag import Tag

from monai_app.core.errors import InputRejected
from monai_app.dicom.element_memo import ElementMemo
from monai_app.dicom.functional_groups import ENHANCED_GROUPS, frame_datasets
from monai_app.dicom.header import Header, check_size, read_header, settle, stamp_of
from monai_app.dicom.series_options import PHASE_KEYWORDS
from monai_app.dicom.stored import PIXEL_TAGS

VOLUME_MODALITIES = ("CT", "MR", "PT")
"""Modalities whose images are planes of a volume; films, ultrasound, slides, masks and reports are read elsewhere."""

HOUNSFIELD_TYPES = ("", "HU", "HU_MOD", "US")
"""Rescale types of a CT in HU; an absent or unspecified (US) one means HU (PS3.3 C.11.1.1.2)."""

PLANE_TAGS = [
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "GantryDetectorTilt",
]
SLICE_TAGS = [
    *PIXEL_TAGS,
    *PLANE_TAGS,
    *PHASE_KEYWORDS,
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "Modality",
    "ModalityLUTSequence",
    "PixelPresentation",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "Units",
]
"""What is read of a plane's header, besides functional groups."""

_PHASE_TAGS = {int(Tag(name)): name for name in PHASE_KEYWORDS}


@dataclass(frozen=True, eq=False)
class SliceHeader:
    """One image plane.

    Attributes:
        path: the file.
        frame: index of the frame in the file.
        dataset: the file's header, as :func:`monai_app.dicom.stored.stored_values` wants it.
        pixels_at: where in the file the header ends.
        uid: SOPInstanceUID, empty where the file has none.
        series_uid: SeriesInstanceUID, empty where the file has none.
        frame_of_reference: FrameOfReferenceUID, empty where the file has none.
        modality: CT, MR or PT.
        photometric: MONOCHROME1 or MONOCHROME2.
        size: (rows, columns).
        position_lps_mm: (3,) centre of the pixel of row 0 and column 0.
        orientation_lps: (2, 3) unit vectors along which the column index and the row index grow.
        spacing_mm: (between rows, between columns).
        thickness_mm: SliceThickness, None where absent.
        stated_step_mm: SpacingBetweenSlices, None where absent.
        stated_tilt_degrees: GantryDetectorTilt, 0 where absent.
        slope: RescaleSlope; 1 where an MR has none.
        intercept: RescaleIntercept; 0 where an MR has none.
        units: RescaleType, or Units of a PET.
        technical: values of the elements of PHASE_KEYWORDS that are there.
    """

    path: Path
    frame: int
    dataset: pydicom.Dataset
    pixels_at: int
    uid: str
    series_uid: str
    frame_of_reference: str
    modality: str
    photometric: str
    size: tuple[int, int]
    position_lps_mm: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    orientation_lps: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    spacing_mm: tuple[float, float]
    thickness_mm: float | None
    stated_step_mm: float | None
    stated_tilt_degrees: float
    slope: float
    intercept: float
    units: str
    technical: Mapping[str, str]


def read_slice_headers(path: Path, memo: ElementMemo | None = None) -> list[SliceHeader]:
    """The planes of a file: one, or the frames of an enhanced multi-frame CT or MR.

    Args:
        memo: of the other files of the series.

    Raises:
        InputRejected: ``FILE_NOT_FOUND``, ``DICOM_UNREADABLE``, ``TRANSFER_SYNTAX``, ``WRONG_MODALITY``,
            ``NO_PIXELS``, ``TOO_LARGE``, ``TRUNCATED``, ``NOT_MONOCHROME``, ``LOCALIZER``, ``NO_GEOMETRY``,
            ``GEOMETRY_INVALID``, ``NO_RESCALE``, ``RESCALE_INVALID``, ``NOT_HU`` or ``NOT_FINITE``.
    """
    return _planes(path, read_header(path, [*SLICE_TAGS, *ENHANCED_GROUPS], memo=memo), path.stat().st_size)


def held_slice_headers(path: Path, header: Header, memo: ElementMemo) -> list[SliceHeader]:
    """As :func:`read_slice_headers`, of a header that was read before; again where the file was changed since.

    Args:
        header: with SLICE_TAGS.

    Raises:
        InputRejected: as :func:`read_slice_headers`.
    """
    if header.grouped or header.stamp != stamp_of(path):  # functional groups are large: discovery leaves them out
        return read_slice_headers(path, memo)
    settle(header.dataset, memo)
    return _planes(path, header, header.stamp[0])


def _planes(path: Path, header: Header, file_bytes: int) -> list[SliceHeader]:
    dataset, pixels_at = header.dataset, header.pixels_at
    _check_image(dataset)
    check_size(dataset, file_bytes=file_bytes, pixels_at=pixels_at)
    return [
        _slice(path, index, dataset, frame, pixels_at)
        for index, frame in enumerate(frame_datasets(dataset, PLANE_TAGS))
    ]


def _check_image(dataset: pydicom.Dataset) -> None:
    """What can be said without the pixels: a grey image of a modality that makes volumes."""
    if dataset.get("Modality") not in VOLUME_MODALITIES:
        raise InputRejected(
            "WRONG_MODALITY", "the file is no plane of a volume", expected=" or ".join(VOLUME_MODALITIES)
        )
    if dataset.get("Rows") is None or dataset.get("Columns") is None:
        raise InputRejected("NO_PIXELS", "the file holds no image", expected="Rows and Columns")
    photometric = dataset.get("PhotometricInterpretation")
    if photometric not in ("MONOCHROME1", "MONOCHROME2") or dataset.get("SamplesPerPixel") != 1:
        raise InputRejected("NOT_MONOCHROME", "the image is in colour", expected="one channel of grey values")
    if photometric == "MONOCHROME1" and dataset.Modality != "CT":
        raise InputRejected(
            "NOT_MONOCHROME",
            "low values are meant to be shown bright, which no model of this modality was trained on",
            got="MONOCHROME1",
            expected="MONOCHROME2",
        )
    if dataset.get("ModalityLUTSequence"):
        raise InputRejected("RESCALE_INVALID", "values are scaled by a table", expected="RescaleSlope and Intercept")


def _slice(path: Path, index: int, dataset: pydicom.Dataset, frame: pydicom.Dataset, pixels_at: int) -> SliceHeader:
    there = frame.keys() & _PHASE_TAGS.keys()  # few are: asking for what is absent takes long
    technical = {name: text for tag, name in _PHASE_TAGS.items() if tag in there and (text := _text(frame, name))}
    if "LOCALIZER" in technical.get("ImageType", "").split("\\"):
        raise InputRejected(
            "LOCALIZER", "a localizer (scout) is among the files", remedy="Select the series without its localizers."
        )
    if frame.get("PixelPresentation") == "COLOR":
        raise InputRejected("NOT_MONOCHROME", "a part of the values are indices of a colour palette")
    slope, intercept, units = _rescale(frame, str(dataset.Modality))
    orientation = _vector(frame, "ImageOrientationPatient", 6).reshape(2, 3)
    spacing = _vector(frame, "PixelSpacing", 2)
    if spacing.min() <= 0:
        raise InputRejected("GEOMETRY_INVALID", "the distance between pixels is not above zero")
    return SliceHeader(
        path=path,
        frame=index,
        dataset=dataset,
        pixels_at=pixels_at,
        uid=_text(dataset, "SOPInstanceUID"),
        series_uid=_text(dataset, "SeriesInstanceUID"),
        frame_of_reference=_text(dataset, "FrameOfReferenceUID"),
        modality=str(dataset.Modality),
        photometric=str(dataset.PhotometricInterpretation),
        size=(int(dataset.Rows), int(dataset.Columns)),
        position_lps_mm=_vector(frame, "ImagePositionPatient", 3),
        orientation_lps=orientation,
        spacing_mm=(float(spacing[0]), float(spacing[1])),
        thickness_mm=_positive(frame, "SliceThickness"),
        stated_step_mm=_positive(frame, "SpacingBetweenSlices"),
        stated_tilt_degrees=_number(frame, "GantryDetectorTilt") or 0.0,
        slope=slope,
        intercept=intercept,
        units=units,
        technical=technical,
    )


def _rescale(frame: pydicom.Dataset, modality: str) -> tuple[float, float, str]:
    slope, intercept = _number(frame, "RescaleSlope"), _number(frame, "RescaleIntercept")
    units = _text(frame, "Units") or _text(frame, "RescaleType")
    if (slope is None) != (intercept is None):
        raise InputRejected("RESCALE_INVALID", "only one of RescaleSlope and RescaleIntercept is there")
    if slope is None or intercept is None:
        if modality != "MR":
            raise InputRejected(
                "NO_RESCALE",
                "an image without RescaleSlope and RescaleIntercept has no units",
                got=modality,
                expected="a CT in HU, or a PET in its units",
                remedy="Export the series again with its original headers.",
            )
        return 1.0, 0.0, units
    if slope == 0:
        raise InputRejected("RESCALE_INVALID", "RescaleSlope is zero", expected="a slope that keeps the image")
    if modality == "CT" and units not in HOUNSFIELD_TYPES:
        raise InputRejected("NOT_HU", "a CT is not in Hounsfield units", expected="RescaleType HU or none")
    return slope, intercept, units


def _vector(frame: pydicom.Dataset, name: str, length: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    value = frame.get(name)
    if value is None or isinstance(value, str | float | int) or len(value) != length:
        raise InputRejected(
            "NO_GEOMETRY",
            f"{name} is missing or incomplete: where the image lies in the patient is unknown",
            expected=f"{length} numbers",
            remedy="Export the series again with its original headers.",
        )
    try:
        numbers = np.array([float(one) for one in value], np.float64)
    except (TypeError, ValueError):
        raise InputRejected("GEOMETRY_INVALID", f"{name} is not a row of numbers") from None
    if not np.isfinite(numbers).all():
        raise InputRejected("NOT_FINITE", f"{name} is not finite", expected="finite numbers")
    return numbers


def _number(frame: pydicom.Dataset, name: str) -> float | None:
    value = frame.get(name)
    if value is None or value == "":
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputRejected("RESCALE_INVALID", f"{name} is not a number") from None
    if not np.isfinite(number):
        raise InputRejected("NOT_FINITE", f"{name} is not finite", expected="a finite number")
    return number


def _positive(frame: pydicom.Dataset, name: str) -> float | None:
    """A stated distance; what is no distance is as good as absent, since positions decide."""
    try:
        value = float(frame.get(name) or 0.0)
    except (TypeError, ValueError):
        return None
    return value if np.isfinite(value) and value > 0 else None


def _text(frame: pydicom.Dataset, name: str) -> str:
    value = frame.get(name)
    if value is None:
        return ""
    return "\\".join(map(str, value)) if isinstance(value, pydicom.multival.MultiValue) else str(value).strip()
