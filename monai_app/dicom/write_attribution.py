"""Writing attribution maps as a DICOM Parametric Map (PS3.3 A.75): float32, one mapping a class, no units.

Values are written as they are: what they mean, and how far to trust them, docs/explaining.md tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from highdicom import VOILUTFunctionValues, VOILUTTransformation
from highdicom.pm import DerivedPixelContrastValues, ParametricMap, RealWorldValueMapping
from pydicom.sr.codedict import codes

from monai_app.core.errors import InputRejected
from monai_app.dicom.equipment import NOT_FOR_DIAGNOSIS
from monai_app.dicom.film_plane import as_plane
from monai_app.dicom.onto_source import onto_source
from monai_app.dicom.quiet import quietly
from monai_app.dicom.result_object import ResultContext, ResultKind, ResultObject, finished
from monai_app.dicom.volume import Affine, Volume

_LABEL_CHARACTERS = 16
"""Longest LUT label (VR SH)."""


@dataclass(frozen=True, eq=False)
class AttributionMap:
    """What a prediction of one class rests on.

    Attributes:
        name: of the class.
        method: such as "Grad-CAM".
        values: (rows, columns) of a film, at its own or a coarser resolution, over the whole of it; (I, J, K) of a
            series.
        affine_ras: of a series' values, None of a film's.
    """

    name: str
    method: str
    values: npt.NDArray[np.floating[Any]]
    affine_ras: Affine | None = None


def write_attribution(maps: Sequence[AttributionMap], context: ResultContext) -> ResultObject:
    """The maps of one study, all classes in one object.

    Raises:
        InputRejected: ``NO_MAPS``; ``NOT_FINITE``; ``MAP_SHAPE`` where maps of a film differ in shape or do not have
            its aspect; ``GRID_MISMATCH``.
    """
    if not maps:
        raise InputRejected("NO_MAPS", "there is no map to write", expected="a map of one class or more")
    planes = [_planes(one, context) for one in maps]
    if len({one.shape for one in planes}) > 1:
        raise InputRejected("MAP_SHAPE", "the maps differ in shape", expected="one shape")
    values = planes[0] if len(planes) == 1 else np.stack(planes, axis=-1)
    if not np.isfinite(values).all():
        raise InputRejected("NOT_FINITE", "a map holds NaN or infinite values", expected="finite values")
    low, high = float(values.min()), float(values.max())
    mappings = [[_mapping(one, number)] for number, one in enumerate(maps, 1)]
    window = VOILUTTransformation(
        window_center=(low + high) / 2,
        window_width=max(high - low, 1e-6),
        voi_lut_function=VOILUTFunctionValues.LINEAR_EXACT,  # the plain one takes no width below 1
    )
    headers, flat = context.source.headers, context.source.affine_ras is None
    with quietly():
        dataset = ParametricMap(
            source_images=[as_plane(headers[0], values.shape[1:3])] if flat else headers,
            pixel_array=values,
            contains_recognizable_visual_features=False,
            real_world_value_mappings=mappings[0] if len(maps) == 1 else mappings,
            voi_lut_transformations=[window],
            derived_pixel_contrast=DerivedPixelContrastValues.QUANTITY,
            content_label="AI_ATTRIBUTION",
            content_description=NOT_FOR_DIAGNOSIS,
            **context.arguments(ResultKind.ATTRIBUTION),
        )
    dataset.Laterality = ""  # type 2C of a paired body part, which a map does not name
    return finished(dataset, context, ResultKind.ATTRIBUTION)


def _planes(one: AttributionMap, context: ResultContext) -> npt.NDArray[np.float32]:
    """(planes, rows, columns)."""
    if context.source.affine_ras is not None and one.affine_ras is not None:
        return onto_source(Volume(one.values, one.affine_ras), context.source).astype(np.float32)
    columns, rows, _ = context.source.shape
    if context.source.affine_ras is not None or one.affine_ras is not None or one.values.ndim != 2:
        raise InputRejected("MAP_SHAPE", "a map is of another kind than the images", expected="film or series for both")
    height, width = one.values.shape
    if abs(height / rows - width / columns) * max(rows, columns) > 1:  # more than a pixel of the map
        raise InputRejected(
            "MAP_SHAPE",
            "the map does not have the aspect of the film",
            got=f"{height} x {width}",
            expected=f"that of {rows} x {columns}",
            remedy="Cut the borders off that letterboxing added.",
        )
    return one.values.astype(np.float32)[None]


def _mapping(one: AttributionMap, number: int) -> RealWorldValueMapping:
    span = np.finfo(np.float32)
    return RealWorldValueMapping(
        lut_label=f"{number} {one.name}"[:_LABEL_CHARACTERS],  # numbered: names may start alike
        lut_explanation=f"{one.method} of {one.name.replace('_', ' ')}"[:64],
        unit=codes.UCUM.NoUnits,
        value_range=(float(span.min), float(span.max)),
        slope=1.0,
        intercept=0.0,
        quantity_definition=codes.DCM.ClassActivation,
    )
