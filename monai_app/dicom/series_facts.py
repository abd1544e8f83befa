"""What selection rules may ask of a series: its distinct values of technical elements, and where its slices lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import pydicom
from pydicom.uid import UID

from monai_app.dicom.discover import FoundSeries

Value = str | float
Facts = Mapping[str, tuple[Value, ...]]
"""Field to the distinct values of all images, in order; () where no image has one."""

_AXIS_COSINE = 0.9
"""A normal within 26 degrees of a body axis counts as that plane; all others are oblique."""

_PLANES = ("sagittal", "coronal", "axial")

_TEXT = {
    "modality": "Modality",
    "manufacturer": "Manufacturer",
    "model": "ManufacturerModelName",
    "body_part": "BodyPartExamined",
    "description": "SeriesDescription",
    "protocol": "ProtocolName",
    "image_type": "ImageType",
    "kernel": "ConvolutionKernel",
    "sequence_name": "SequenceName",
    "scanning_sequence": "ScanningSequence",
    "sequence_variant": "SequenceVariant",
    "acquisition": "MRAcquisitionType",
    "view": "ViewPosition",
    "laterality": "ImageLaterality",
    "photometric": "PhotometricInterpretation",
    "contrast": "ContrastBolusAgent",
    "units": "RescaleType",
}
"""Fields of text; several values of one element are joined by \\\\ as in the file."""

_NUMBERS = {
    "rows": "Rows",
    "columns": "Columns",
    "slice_thickness_mm": "SliceThickness",
    "echo_time_ms": "EchoTime",
    "repetition_time_ms": "RepetitionTime",
    "inversion_time_ms": "InversionTime",
    "flip_angle_deg": "FlipAngle",
    "field_strength_t": "MagneticFieldStrength",
    "peak_voltage_kv": "KVP",
    "tilt_deg": "GantryDetectorTilt",
    "series_number": "SeriesNumber",
}

_COMPUTED = ("images", "plane", "pixel_spacing_mm", "spacing_mm", "coverage_mm", "sop_class", "transfer_syntax")

FIELDS = (*_TEXT, *_NUMBERS, *_COMPUTED)
"""All fields of rules."""

SHOWN_FIELDS = frozenset({*_NUMBERS, *_COMPUTED, "modality", "view", "photometric", "acquisition"} - {"series_number"})
"""Fields whose values may be shown; free text may hold a name."""


def series_facts(series: FoundSeries) -> Facts:
    """The facts of a series: a rule holds where all its images satisfy it."""
    headers = [instance.header for instance in series.instances]
    facts: dict[str, tuple[Value, ...]] = {
        **{field: _distinct(headers, partial(text, name=name)) for field, name in _TEXT.items()},
        **{field: _distinct(headers, partial(number, name=name)) for field, name in _NUMBERS.items()},
        "pixel_spacing_mm": _distinct(headers, _pixel_spacing_mm),
        "plane": _distinct(headers, _plane),
        "sop_class": tuple(sorted({UID(instance.sop_class).keyword for instance in series.instances})),
        "transfer_syntax": _distinct(headers, lambda header: header.file_meta.TransferSyntaxUID.keyword),
        "images": (float(sum(number(header, "NumberOfFrames") or 1 for header in headers)),),
    }
    positions = _positions_mm(headers)
    if len(positions) > 1:
        facts["spacing_mm"] = (float(np.median(np.diff(positions))),)
        facts["coverage_mm"] = (float(positions[-1] - positions[0] + facts["spacing_mm"][0]),)
    return {"spacing_mm": (), "coverage_mm": (), **facts}


def text(header: pydicom.Dataset, name: str) -> str | None:
    """An element as text, None where it is absent or empty."""
    value = header.get(name)
    if value is None:
        return None
    several = isinstance(value, pydicom.multival.MultiValue)
    return ("\\".join(map(str, value)) if several else str(value)).strip() or None


def number(header: pydicom.Dataset, name: str) -> float | None:
    """An element's first value as a finite number, None where there is none."""
    value = header.get(name)
    if isinstance(value, pydicom.multival.MultiValue):
        value = value[0] if len(value) else None
    try:
        found = float(value) if value is not None and value != "" else None
    except (TypeError, ValueError):
        return None
    return found if found is not None and np.isfinite(found) else None


def _distinct(
    headers: Sequence[pydicom.Dataset], value: Callable[[pydicom.Dataset], Value | None]
) -> tuple[Value, ...]:
    found = {value(header) for header in headers} - {None}
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (isinstance(one, str), one)))


def _vector(header: pydicom.Dataset, name: str, length: int) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
    try:
        vector = np.array([float(value) for value in header.get(name) or ()])
    except (TypeError, ValueError):
        return None
    return vector if vector.shape == (length,) and np.isfinite(vector).all() else None


def _pixel_spacing_mm(header: pydicom.Dataset) -> float | None:
    spacing = _vector(header, "PixelSpacing", 2)
    if spacing is None:
        spacing = _vector(header, "ImagerPixelSpacing", 2)
    return None if spacing is None else float(spacing.max())


def _normal(header: pydicom.Dataset) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]] | None:
    axes = _vector(header, "ImageOrientationPatient", 6)
    return None if axes is None else np.cross(axes[:3], axes[3:])


def _plane(header: pydicom.Dataset) -> str | None:
    """Which plane of the body a slice lies in, by its normal (PS3.3 C.7.6.2.1.1)."""
    normal = _normal(header)
    if normal is None:
        return None
    axis = int(np.abs(normal).argmax())
    return _PLANES[axis] if abs(normal[axis]) >= _AXIS_COSINE else "oblique"


def _positions_mm(headers: Sequence[pydicom.Dataset]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Distinct positions along the first image's normal, rising."""
    normal = _normal(headers[0])
    if normal is None:
        return np.empty(0)
    positions = (_vector(header, "ImagePositionPatient", 3) for header in headers)
    return np.unique(np.round([position @ normal for position in positions if position is not None], 3))
