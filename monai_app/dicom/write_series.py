"""Writing a volume as a series of single-frame CT or MR images (DICOM PS3.3 A.3, A.4)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from pydicom.dataset import FileDataset
from pydicom.uid import UID, CTImageStorage, MRImageStorage

from monai_app.core.errors import InputRejected
from monai_app.dicom.identifier import derived_uid
from monai_app.dicom.study import StudyHeader, new_dataset, set_pixels, to_bytes

_CT_INTERCEPT = -1024
_BITS = 12


class SeriesModality(StrEnum):
    """Kinds of volume."""

    CT = "CT"
    MR = "MR"


@dataclass(frozen=True)
class SeriesGeometry:
    """Where the voxels lie, in patient coordinates (LPS, mm).

    Attributes:
        first_position_lps_mm: centre of the first voxel (row 0, column 0) of the first slice.
        row_direction: unit vector along which the column index grows.
        column_direction: unit vector along which the row index grows.
        slice_step_lps_mm: from each slice to the next, along the normal.
        spacing_mm: (between rows, between columns).
    """

    first_position_lps_mm: tuple[float, float, float]
    row_direction: tuple[float, float, float]
    column_direction: tuple[float, float, float]
    slice_step_lps_mm: tuple[float, float, float]
    spacing_mm: tuple[float, float]


def write_series(
    volume: npt.NDArray[np.floating], geometry: SeriesGeometry, header: StudyHeader, modality: SeriesModality
) -> Iterator[bytes]:
    """The slices of a volume as bytes of DICOM files, in the order of their positions.

    Args:
        volume: (slices, rows, columns); HU for CT, arbitrary units from 0 to 4095 for MR.

    Raises:
        InputRejected: ``PIXEL_FORMAT`` when values do not fit 12 bits; ``GEOMETRY_INVALID`` when the directions are
            not orthonormal or the step is not along the normal.
    """
    _check_geometry(geometry)
    intercept = _CT_INTERCEPT if modality is SeriesModality.CT else 0
    stored = np.round(volume - intercept)
    if volume.ndim != 3 or not 0 <= float(stored.min()) <= float(stored.max()) < 1 << _BITS:
        raise InputRejected("PIXEL_FORMAT", "voxel values do not fit the series", expected="3 axes, values in 12 bits")
    sop_class = CTImageStorage if modality is SeriesModality.CT else MRImageStorage
    uids = [derived_uid(header.series_uid, "slice", index) for index in range(len(stored))]
    dataset = new_dataset(header, sop_class_uid=sop_class, sop_instance_uid=uids[0])
    dataset.Modality = modality.value
    dataset.FrameOfReferenceUID = derived_uid(header.series_uid, "frame of reference")
    for name, value in (_ct_values() if modality is SeriesModality.CT else _mr_values()).items():
        setattr(dataset, name, value)
    _, rows, columns = volume.shape
    for index, (uid, pixels) in enumerate(zip(uids, stored.astype("<u2"), strict=True)):
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = UID(uid)
        _place(dataset, geometry, index)
        set_pixels(dataset, rows=rows, columns=columns, bits=_BITS, data=pixels.tobytes(), photometric="MONOCHROME2")
        yield to_bytes(dataset)


def _check_geometry(geometry: SeriesGeometry) -> None:
    row, column = np.array(geometry.row_direction), np.array(geometry.column_direction)
    step = np.array(geometry.slice_step_lps_mm)
    gram = np.array([row @ row - 1.0, column @ column - 1.0, row @ column])
    along = np.linalg.norm(np.cross(np.cross(row, column), step))
    if np.abs(gram).max() > 1e-6 or along > 1e-6 * np.linalg.norm(step) or not np.linalg.norm(step) > 0:
        raise InputRejected(
            "GEOMETRY_INVALID",
            "the axes of a volume are not at right angles",
            expected="orthonormal directions and a slice step along their normal",
        )


def _place(dataset: FileDataset, geometry: SeriesGeometry, index: int) -> None:
    """Fill the image plane module (PS3.3 C.7.6.2) of one slice."""
    step = np.array(geometry.slice_step_lps_mm)
    position = np.array(geometry.first_position_lps_mm) + index * step
    dataset.ImagePositionPatient = [round(float(value), 4) for value in position]
    dataset.ImageOrientationPatient = [*geometry.row_direction, *geometry.column_direction]
    dataset.PixelSpacing = list(geometry.spacing_mm)
    dataset.SliceThickness = round(float(np.linalg.norm(step)), 4)
    dataset.SpacingBetweenSlices = dataset.SliceThickness
    dataset.SeriesNumber, dataset.InstanceNumber, dataset.AcquisitionNumber = 1, index + 1, 1
    dataset.PositionReferenceIndicator = ""
    dataset.PatientPosition = "HFS"
    dataset.BodyPartExamined = "CHEST"


def _ct_values() -> dict[str, object]:
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
        "RescaleIntercept": float(_CT_INTERCEPT),
        "RescaleSlope": 1.0,
        "RescaleType": "HU",
        "KVP": 120.0,
        "ConvolutionKernel": "STANDARD",
        "WindowCenter": 40.0,
        "WindowWidth": 400.0,
    }


def _mr_values() -> dict[str, object]:
    return {
        "ImageType": ["ORIGINAL", "PRIMARY", "OTHER"],
        "ScanningSequence": "GR",
        "SequenceVariant": "SP",
        "ScanOptions": "",
        "MRAcquisitionType": "3D",
        "RepetitionTime": 4.0,
        "EchoTime": 1.5,
        "FlipAngle": 12.0,
        "EchoTrainLength": 1,
        "MagneticFieldStrength": 1.5,
        "WindowCenter": 700.0,
        "WindowWidth": 1400.0,
    }
