"""Writing labels as a binary DICOM Segmentation of the original images (PS3.3 A.51), one coded segment a structure.

Each frame carries its own position and the image it was drawn on, so that a reader that honours them is right whether
or not empty frames are left out. Some readers count frames instead (MONAI Deploy App SDK issue 397): for them
:attr:`EmptyFrames.KEPT` writes every frame of every segment.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from highdicom.color import CIELabColor
from highdicom.seg import SegmentAlgorithmTypeValues, Segmentation, SegmentationTypeValues, SegmentDescription
from pydicom.dataset import Dataset
from skimage.color import rgb2lab

from monai_app.core.errors import InputRejected
from monai_app.dicom.colours import colour_of
from monai_app.dicom.equipment import NOT_FOR_DIAGNOSIS
from monai_app.dicom.onto_source import onto_source
from monai_app.dicom.quiet import quietly
from monai_app.dicom.result_object import ResultContext, ResultKind, ResultObject, finished
from monai_app.dicom.segment_codes import SegmentCode
from monai_app.dicom.volume import Volume


class EmptyFrames(StrEnum):
    """What becomes of frames in which a segment has no voxel."""

    OMITTED = "omitted"
    KEPT = "kept"


def write_segmentation(
    labels: Volume,
    context: ResultContext,
    segments: Sequence[SegmentCode],
    *,
    empty_frames: EmptyFrames = EmptyFrames.OMITTED,
) -> ResultObject:
    """The labels as a Segmentation; a structure of which there is no voxel is described all the same.

    Args:
        labels: whole numbers on the grid of the source, 0 background, k the k-th segment.
        segments: codes of the labels 1, 2, ...

    Raises:
        InputRejected: ``LABEL_UNKNOWN`` for a value without a segment; ``NOT_LABELS``; ``GRID_MISMATCH``.
    """
    masks = onto_source(Volume(_checked(labels.array, len(segments)), labels.affine_ras), context.source)
    descriptions = [_description(number, code, context) for number, code in enumerate(segments, 1)]
    with quietly():
        dataset = Segmentation(
            source_images=context.source.headers,
            pixel_array=masks,
            segmentation_type=SegmentationTypeValues.BINARY,
            segment_descriptions=descriptions,
            omit_empty_frames=empty_frames is EmptyFrames.OMITTED and bool(masks.any()),
            content_label="AI_SEGMENTATION",
            content_description=NOT_FOR_DIAGNOSIS,
            **context.arguments(ResultKind.SEGMENTATION),
        )
    return finished(dataset, context, ResultKind.SEGMENTATION)


def _checked(array: npt.NDArray[np.generic], segments: int) -> npt.NDArray[np.uint8]:
    if array.dtype.kind not in "iub":
        raise InputRejected("NOT_LABELS", "labels are no whole numbers", got=array.dtype, expected="integers")
    least, most = int(array.min()), int(array.max())
    if least < 0 or most > segments:
        raise InputRejected(
            "LABEL_UNKNOWN", "labels without a segment", got=f"{least} to {most}", expected=f"0 to {segments}"
        )
    return array.astype(np.uint8)


def _description(number: int, code: SegmentCode, context: ResultContext) -> SegmentDescription:
    description = SegmentDescription(
        segment_number=number,
        segment_label=code.label,
        segmented_property_category=code.category.coded(),
        segmented_property_type=code.type.coded(),
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=context.algorithm.of_image(context.equipment.manufacturer),
        tracking_uid=context.uid("segment", code.name),
        tracking_id=code.name,
        anatomic_regions=None if code.region is None else [code.region.coded()],
        display_color=_lab(colour_of(number)),
    )
    if code.modifier is not None:
        kind: Dataset = description.SegmentedPropertyTypeCodeSequence[0]
        kind.SegmentedPropertyTypeModifierCodeSequence = [code.modifier.coded()]
    return description


def _lab(rgb: tuple[int, int, int]) -> CIELabColor:
    lightness, a, b = rgb2lab(np.array(rgb, np.float64)[None, None] / 255)[0, 0]
    return CIELabColor(float(lightness), float(a), float(b))
