"""Reading a binary DICOM Segmentation of a series: each frame goes where its position says, whatever its number.

Frames may be left out, repeated for every segment and stored in any order (PS3.3 C.8.20.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.uid import SegmentationStorage

from monai_app.core.errors import InputRejected
from monai_app.dicom.header import check_size, read_header
from monai_app.dicom.quiet import quietly
from monai_app.dicom.series_geometry import IN_PLANE_TOLERANCE_MM, SPACING_TOLERANCE_MM
from monai_app.dicom.source_images import SourceImages
from monai_app.dicom.volume import Volume, lps_to_ras

_TAGS = ["SOPClassUID", "SegmentationType", "FrameOfReferenceUID", "Rows", "Columns", "BitsAllocated", "NumberOfFrames"]

PLACE_TOLERANCE_MM = SPACING_TOLERANCE_MM + IN_PLANE_TOLERANCE_MM
"""How far a frame may lie from its plane: as far as the image that it was drawn on may lie off the regular grid."""

TURN_TOLERANCE_MM = 1.0
"""How far a turn against the series may move a frame's farthest pixel; headers round cosines to 3 decimals and more."""


def read_segmentation(path: Path, source: SourceImages) -> Volume:
    """The labels of a Segmentation on the grid of the series that it segments, segment k as label k.

    Raises:
        InputRejected: ``NOT_SEGMENTATION``; ``MIXED_FRAME_OF_REFERENCE``; ``GRID_MISMATCH`` where a frame is none of
            the series' planes; ``SEGMENTS_OVERLAP``, which labels cannot hold; ``NO_GEOMETRY``, ``HEADER_MISMATCH``,
            ``DICOM_UNREADABLE``; as :func:`monai_app.dicom.header.read_header`.
    """
    assert source.affine_ras is not None, "a series of slices"
    opened = read_header(path, _TAGS)
    header = opened.dataset
    if header.get("SOPClassUID") != SegmentationStorage or header.get("SegmentationType") != "BINARY":
        raise InputRejected("NOT_SEGMENTATION", "the file is no binary segmentation", expected="SEG, BINARY")
    check_size(header, file_bytes=path.stat().st_size, pixels_at=opened.pixels_at)
    if header.get("FrameOfReferenceUID") != source.headers[0].get("FrameOfReferenceUID"):
        raise InputRejected("MIXED_FRAME_OF_REFERENCE", "the segmentation is of another frame of reference")
    if (header.Columns, header.Rows) != source.shape[:2]:
        raise _mismatch("other rows or columns")
    try:
        with quietly():
            dataset = pydicom.dcmread(path)
            frames = np.asarray(dataset.pixel_array, dtype=bool).reshape(-1, header.Rows, header.Columns)
            places = _places(dataset, source)
    except InputRejected:
        raise
    except Exception as error:  # a parser of foreign bytes may raise anything; nothing of it is shown
        raise InputRejected("DICOM_UNREADABLE", "a segmentation cannot be read", got=type(error).__name__) from None
    if len(places) != len(frames):
        raise InputRejected(
            "HEADER_MISMATCH", "the functional groups are not one per frame", got=len(places), expected=len(frames)
        )
    labels = np.zeros(source.shape[::-1], np.uint16)
    for mask, (plane, segment) in zip(frames, places, strict=True):
        if (labels[plane][mask] > 0).any():
            raise InputRejected("SEGMENTS_OVERLAP", "a voxel belongs to several segments", expected="one label a voxel")
        labels[plane][mask] = segment
    return Volume(labels.transpose(2, 1, 0), source.affine_ras, provenance={"source": "dicom segmentation"})


def _places(dataset: Dataset, source: SourceImages) -> Sequence[tuple[int, int]]:
    """Of each frame the plane of the volume and the segment number."""
    assert source.affine_ras is not None
    affine = lps_to_ras(source.affine_ras)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    places = []
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        orientation = _macro(frame, shared, "PlaneOrientationSequence").ImageOrientationPatient
        spacing = _macro(frame, shared, "PixelMeasuresSequence").PixelSpacing
        position = np.array([*map(float, _macro(frame, shared, "PlanePositionSequence").ImagePositionPatient)])
        row, column = np.array([*map(float, orientation)]).reshape(2, 3)
        steps = np.stack([row * float(spacing[1]), column * float(spacing[0])], axis=1)
        off = np.abs(steps - affine[:3, :2]).max() * max(source.shape[:2])
        index = np.linalg.solve(affine, [*position, 1.0])[:3]
        plane = round(float(index[2]))
        apart = float(np.linalg.norm(affine[:3, :3] @ (index - [0, 0, plane])))
        if off > TURN_TOLERANCE_MM or apart > PLACE_TOLERANCE_MM or not 0 <= plane < source.shape[2]:
            raise _mismatch("a frame that is no plane of the series")
        places.append((plane, int(_macro(frame, shared, "SegmentIdentificationSequence").ReferencedSegmentNumber)))
    return places


def _macro(frame: Dataset, shared: Dataset, name: str) -> Dataset:
    found = frame.get(name) or shared.get(name)
    if not found:
        raise InputRejected("NO_GEOMETRY", f"{name} is missing in a segmentation", expected="the macro, once")
    macro: Dataset = found[0]
    return macro


def _mismatch(got: str) -> InputRejected:
    return InputRejected(
        "GRID_MISMATCH",
        "the segmentation does not lie on the grid of the series",
        got=got,
        expected="the planes of the series that it was drawn on",
    )
