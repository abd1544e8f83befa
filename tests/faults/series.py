"""Series of CT and MR as DICOM files, sound and faulty; every voxel of the sound volume has its own value."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import Dataset, FileDataset
from pydicom.uid import EnhancedCTImageStorage, EnhancedMRImageStorage

from monai_app.dicom.study import StudyHeader
from monai_app.dicom.write_series import SeriesGeometry, SeriesModality, write_series

STUDY = StudyHeader(
    patient_id="PHANTOM0000001",
    sex="F",
    age_years=50.0,
    taken=datetime(2021, 2, 3, 4, 5, 6),
    study_uid="2.25.11",
    series_uid="2.25.12",
    manufacturer="M",
    model="N",
    institution="I",
    description="D",
)
AXIAL = SeriesGeometry((-10.0, -20.0, 30.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 2.5), (0.75, 0.5))
"""Rows 0.75 mm and columns 0.5 mm apart: whoever swaps the two is found out."""


def ramp(slices: int = 6, rows: int = 8, columns: int = 10) -> np.ndarray:
    """(slices, rows, columns) of values that differ everywhere, from -1000 up."""
    return np.arange(slices * rows * columns, dtype=np.float64).reshape(slices, rows, columns) - 1000


def ct(volume: np.ndarray | None = None, geometry: SeriesGeometry = AXIAL) -> list[FileDataset]:
    """The slices of a CT, in order."""
    return _read(write_series(ramp() if volume is None else volume, geometry, STUDY, SeriesModality.CT))


def mr(volume: np.ndarray | None = None, geometry: SeriesGeometry = AXIAL) -> list[FileDataset]:
    """The slices of an MR, in order; the ramp starts at 0."""
    return _read(write_series(ramp() + 1000 if volume is None else volume, geometry, STUDY, SeriesModality.MR))


def _read(files: Iterable[bytes]) -> list[FileDataset]:
    return [pydicom.dcmread(io.BytesIO(data)) for data in files]


def write(folder: Path, slices: list[FileDataset], *, name: Callable[[int], str] = "{:04d}".format) -> list[Path]:
    """The files of the slices, named by their place in the list."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    with pydicom.config.disable_value_validation():
        for index, one in enumerate(slices):
            one.file_meta.MediaStorageSOPInstanceUID = one.get("SOPInstanceUID") or "2.25.1"
            one.save_as(folder / name(index), enforce_file_format=True)
            paths.append(folder / name(index))
    return paths


def each(slices: list[FileDataset], **elements: Any) -> list[FileDataset]:
    """The slices with elements replaced or, where None, removed; a function is called with the slice's index."""
    for index, one in enumerate(slices):
        for keyword, value in elements.items():
            if callable(value):
                value = value(index)
            if value is None:
                if keyword in one:
                    delattr(one, keyword)
            else:
                setattr(one, keyword, value)
    return slices


def moved(slices: list[FileDataset], offset_mm: Callable[[int], tuple[float, float, float]]) -> list[FileDataset]:
    """The slices with their positions moved in LPS."""
    for index, one in enumerate(slices):
        one.ImagePositionPatient = [
            float(at) + by for at, by in zip(one.ImagePositionPatient, offset_mm(index), strict=True)
        ]
    return slices


def stored(slices: list[FileDataset], pixels: np.ndarray, **elements: Any) -> list[FileDataset]:
    """The slices with other stored values, (slices, rows, columns) of 8 or 16 bits."""
    for one, plane in zip(slices, pixels, strict=True):
        bits = 8 * pixels.dtype.itemsize
        one.BitsAllocated, one.BitsStored, one.HighBit = bits, bits, bits - 1
        one.PixelRepresentation = int(np.issubdtype(pixels.dtype, np.signedinteger))
        one.PixelData = plane.tobytes()
        one["PixelData"].VR = "OW"
    return each(slices, **elements)


def padded(slices: list[FileDataset], value: int, *, vr: str = "SS") -> list[FileDataset]:
    """The slices with a PixelPaddingValue of this value representation (US or SS)."""
    for one in slices:
        one.add_new("PixelPaddingValue", vr, value)
    return slices


def tilted_ball(
    *, radius_mm: float, tilt_degrees: float, step_mm: float = 1.5, size: int = 64
) -> tuple[list[FileDataset], np.ndarray]:
    """A CT of a ball taken with a tilted gantry, and the ball's centre in LPS mm.

    The gantry leans about the left-right axis while the table moves along z, as scanners do it.
    """
    lean = np.radians(tilt_degrees)
    row, column = np.array([1.0, 0, 0]), np.array([0.0, np.cos(lean), np.sin(lean)])
    count = int(np.ceil((2 * radius_mm / np.cos(lean) + 10) / step_mm))
    first = np.array([-size / 2, -size / 2 * np.cos(lean), -size / 2 * np.sin(lean) - count * step_mm / 2])
    centre = np.array([3.0, -2.0, 1.0])
    indices = np.mgrid[0:size, 0:size]
    planes = []
    for index in range(count):
        corner = first + np.array([0, 0, index * step_mm])
        places = corner + indices[1][..., None] * row + indices[0][..., None] * column
        planes.append(np.where(np.linalg.norm(places - centre, axis=-1) <= radius_mm, 100.0, -900.0))
    upright = SeriesGeometry((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, step_mm), (1.0, 1.0))
    slices = ct(np.array(planes), upright)
    each(
        slices,
        ImagePositionPatient=lambda index: [*map(float, first + np.array([0, 0, index * step_mm]))],
        ImageOrientationPatient=[*map(float, row), *map(float, column)],
        GantryDetectorTilt=tilt_degrees,
    )
    return slices, centre


def enhanced(slices: list[FileDataset], order: list[int] | None = None) -> FileDataset:
    """The slices as one enhanced multi-frame object, its frames in the given order (PS3.3 C.7.6.16)."""
    order = [*range(len(slices))] if order is None else order
    whole, first = pydicom.dcmread(_bytes(slices[0])), slices[0]
    whole.SOPClassUID = EnhancedCTImageStorage if first.Modality == "CT" else EnhancedMRImageStorage
    whole.file_meta.MediaStorageSOPClassUID = whole.SOPClassUID
    shared = Dataset()
    shared.PlaneOrientationSequence = [_with(ImageOrientationPatient=first.ImageOrientationPatient)]
    shared.PixelMeasuresSequence = [_with(PixelSpacing=first.PixelSpacing, SliceThickness=first.SliceThickness)]
    frames = []
    for index in order:
        frame = Dataset()
        frame.PlanePositionSequence = [_with(ImagePositionPatient=slices[index].ImagePositionPatient)]
        if "RescaleSlope" in slices[index]:
            scale = _with(
                RescaleSlope=slices[index].RescaleSlope,
                RescaleIntercept=slices[index].RescaleIntercept,
                RescaleType="HU",
            )
            frame.PixelValueTransformationSequence = [scale]
        frames.append(frame)
    for keyword in ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SliceThickness"):
        delattr(whole, keyword)
    for keyword in ("RescaleSlope", "RescaleIntercept", "RescaleType", "SpacingBetweenSlices"):
        whole.pop(keyword, None)
    whole.SharedFunctionalGroupsSequence, whole.PerFrameFunctionalGroupsSequence = [shared], frames
    whole.NumberOfFrames = len(order)
    whole.PixelData = b"".join(slices[index].PixelData for index in order)
    return whole


def _bytes(one: FileDataset) -> io.BytesIO:
    stream = io.BytesIO()
    one.save_as(stream, enforce_file_format=True)
    stream.seek(0)
    return stream


def _with(**elements: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset
