"""A series of CT, MR or PET images as one volume: read strictly, repaired only where an option asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monai_app.core.errors import InputRejected
from monai_app.dicom.element_memo import ElementMemo
from monai_app.dicom.instance import Instance
from monai_app.dicom.series_duplicates import check_single, of_phase, without_copies
from monai_app.dicom.series_geometry import (
    SPACING_TOLERANCE_MM,
    Stack,
    affine_lps,
    check_alike,
    gantry_tilt,
    is_tilted,
    ordered,
    spacing_fault,
)
from monai_app.dicom.series_options import DEFAULT_OPTIONS, Precision, SeriesOptions, Tilt, Uneven
from monai_app.dicom.series_pixels import read_pixels
from monai_app.dicom.series_repair import resampled, sheared
from monai_app.dicom.slice_header import SliceHeader, held_slice_headers, read_slice_headers
from monai_app.dicom.volume import Volume, lps_to_ras

Note = dict[str, Any]
"""A stable code and one clause, free of patient data."""


@dataclass(frozen=True, eq=False)
class SeriesPlan:
    """The planes of one series in order, before a pixel was read.

    Attributes:
        stack: the planes.
        step_mm: from slice to slice; the stated thickness where there is but one slice.
        tilted: the stack steps sideways and is to be sheared back.
        uneven: the slices are to be resampled to even distances.
        notes: what was found odd, and accepted.
    """

    stack: Stack
    step_mm: float
    tilted: bool
    uneven: bool
    notes: list[Note]


def read_series(files: Sequence[Path | Instance], *, options: SeriesOptions = DEFAULT_OPTIONS) -> Volume:
    """The volume of the files of one series, whatever their order, names and InstanceNumbers.

    Files that were discovered (``series.instances``) are not parsed a second time.

    ``array[i, j, k]`` is column i, row j of the k-th slice along the normal (row direction x column direction): HU
    for CT, the rescaled or else stored values for MR, the stated units for PET; float32 unless options ask for less.

    Raises:
        InputRejected: as :func:`plan_series`, and the faults of pixels (series_pixels.py, stored.py).
    """
    plan = plan_series(files, options=options)
    values, valid = read_pixels(plan.stack.slices, precision=_precision(plan, options))
    step_mm, corner, repairs = plan.step_mm, (0, 0), list[Note]()
    if plan.tilted:
        values, valid, corner = sheared(values, valid, plan.stack)
        repairs.append({"code": "TILT_SHEARED", "what": gantry_tilt(plan.stack).got + " of tilt sheared back"})
    if plan.uneven:
        gaps = plan.stack.gaps_mm
        values, valid, step_mm = resampled(values, valid, plan.stack.along_mm)
        what = f"gaps from {gaps.min():.3f} to {gaps.max():.3f} mm resampled to {step_mm:.3f} mm"
        repairs.append({"code": "SPACING_RESAMPLED", "what": what})
    return Volume(
        array=values.transpose(2, 1, 0),
        affine_ras=lps_to_ras(affine_lps(plan.stack, step_mm, corner=corner)),
        valid=None if valid is None else valid.transpose(2, 1, 0),
        provenance={**_described(plan, options), "repairs": repairs},
    )


def _precision(plan: SeriesPlan, options: SeriesOptions) -> Precision:
    """Repairs interpolate, which integers cannot."""
    return Precision.FLOAT32 if plan.tilted or plan.uneven else options.precision


def plan_series(files: Sequence[Path | Instance], *, options: SeriesOptions = DEFAULT_OPTIONS) -> SeriesPlan:
    """The planes of one series in order, checked without reading a pixel.

    Raises:
        InputRejected: ``NO_FILES``, ``COVERAGE``, ``GANTRY_TILT``, ``MISSING_SLICE``, ``UNEVEN_SPACING``,
            ``NO_GEOMETRY``, and what series_duplicates.py, series_geometry.py and slice_header.py name.
    """
    if not files:
        raise InputRejected("NO_FILES", "there is no file to read", expected="the files of one series")
    memo = ElementMemo()
    slices = [one for file in files for one in _planes(file, memo)]
    slices, copies = without_copies(slices)
    check_alike(slices)
    slices = of_phase(slices, options.phase)
    stack = ordered(slices)
    check_single(stack)
    tilted = is_tilted(stack)
    if tilted and options.tilt is not Tilt.SHEAR:
        raise gantry_tilt(stack)
    fault = spacing_fault(stack)
    if fault is not None and (fault.code != "UNEVEN_SPACING" or options.uneven is not Uneven.RESAMPLE):
        raise fault
    _check_coverage(stack, options)
    step_mm = _step_mm(stack)
    return SeriesPlan(
        stack=stack,
        step_mm=step_mm,
        tilted=tilted,
        uneven=fault is not None,
        notes=[
            *([_note("COPIES_LEFT_OUT", f"{copies} slices were there twice, byte for byte")] if copies else []),
            *_remarks(stack, step_mm, tilted=tilted),
        ],
    )


def _planes(file: Path | Instance, memo: ElementMemo) -> list[SliceHeader]:
    if isinstance(file, Instance):
        return held_slice_headers(file.path, file.opened, memo)
    return read_slice_headers(Path(file), memo)


def _check_coverage(stack: Stack, options: SeriesOptions) -> None:
    extent_mm = float(stack.along_mm[-1] - stack.along_mm[0])
    if extent_mm + SPACING_TOLERANCE_MM < options.required_coverage_mm or len(stack.slices) < options.minimum_slices:
        raise InputRejected(
            "COVERAGE",
            "the series covers less than the task needs",
            got=f"{len(stack.slices)} slices over {extent_mm:.1f} mm",
            expected=f"at least {options.minimum_slices} over {options.required_coverage_mm:.1f} mm",
            remedy="Send the whole series.",
        )


def _step_mm(stack: Stack) -> float:
    if len(stack.slices) > 1:
        return float(stack.gaps_mm.mean())
    only = stack.slices[0]
    step = only.thickness_mm or only.stated_step_mm
    if step is None:
        raise InputRejected(
            "NO_GEOMETRY",
            "a single slice without SliceThickness has no extent along its normal",
            expected="two slices or more, or SliceThickness",
        )
    return step


def _remarks(stack: Stack, step_mm: float, *, tilted: bool) -> list[Note]:
    """What the headers say and the positions do not: positions win."""
    first, notes = stack.slices[0], list[Note]()
    if len(stack.slices) == 1:
        notes.append(_note("SINGLE_SLICE", "one slice only: its extent is the stated thickness"))
    thick = {one.thickness_mm for one in stack.slices if one.thickness_mm is not None}
    if any(abs(one - step_mm) > SPACING_TOLERANCE_MM for one in thick):
        stated = f"{min(thick):.3f} to {max(thick):.3f}" if len(thick) > 1 else f"{min(thick):.3f}"
        notes.append(
            _note("THICKNESS_DIFFERS", f"SliceThickness is {stated} mm, positions are {step_mm:.3f} mm apart and win")
        )
    if first.stated_step_mm is not None and abs(first.stated_step_mm - step_mm) > SPACING_TOLERANCE_MM:
        what = f"SpacingBetweenSlices is {first.stated_step_mm:.3f} mm, positions are {step_mm:.3f} mm apart and win"
        notes.append(_note("SPACING_DIFFERS", what))
    if not tilted and any(abs(one.stated_tilt_degrees) > 0.1 for one in stack.slices):
        notes.append(_note("TILT_STATED", "GantryDetectorTilt is not zero, but the slices do not step sideways"))
    if first.modality == "CT" and first.units == "US":
        notes.append(_note("UNITS_UNSPECIFIED", "RescaleType is unspecified: values are taken as HU"))
    if not all(one.uid for one in stack.slices):
        notes.append(_note("NO_UID", "slices without SOPInstanceUID"))
    return notes


def _note(code: str, what: str) -> Note:
    return {"code": code, "what": what}


def _described(plan: SeriesPlan, options: SeriesOptions) -> dict[str, Any]:
    first = plan.stack.slices[0]
    return {
        "source": "dicom",
        "modality": first.modality,
        "units": first.units or ("HU" if first.modality == "CT" else ""),
        "slices": len(plan.stack.slices),
        "first_mm": float(plan.stack.along_mm[0]),
        "last_mm": float(plan.stack.along_mm[-1]),
        "transfer_syntax": str(first.dataset.file_meta.TransferSyntaxUID),
        "options": asdict(options),
        "notes": plan.notes,
    }
