"""What can be read of a folder and what not: each series with all its faults, its geometry and a small picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import plan_series, read_series
from monai_app.dicom.discover import Discovery, FoundSeries
from monai_app.dicom.film import read_film
from monai_app.dicom.instance import Instance
from monai_app.dicom.objects import Kind
from monai_app.dicom.series_facts import Facts, series_facts
from monai_app.dicom.series_options import DEFAULT_OPTIONS, SeriesOptions, Tilt, Uneven
from monai_app.dicom.slice_header import read_slice_headers
from monai_app.dicom.thumbnail import Thumbnail, of_film, of_volume
from monai_app.dicom.volume import Volume

_FILM_PX = 224

_REPAIRS: dict[str, Callable[[SeriesOptions], SeriesOptions]] = {
    "GANTRY_TILT": lambda options: replace(options, tilt=Tilt.SHEAR),
    "UNEVEN_SPACING": lambda options: replace(options, uneven=Uneven.RESAMPLE),
}
"""Faults behind which the next one is looked for, by allowing the repair that the reader has for them."""


@dataclass(frozen=True)
class Fault:
    """Why a series, or some of its files, would be rejected.

    Attributes:
        files: how many files have it; all for a fault of the series.
        repair: an option of the reader accepts it.
    """

    code: str
    what: str
    files: int
    repair: bool


@dataclass(frozen=True, eq=False)
class SeriesReport:
    """One series.

    Attributes:
        faults: empty where it is read as it is.
        notes: what the reader remarked.
        size: (columns, rows, slices) of the volume, or (columns, rows) of the first film; () where unknown.
        spacing_mm: as ``size``.
        coverage_mm: extent along the slices' normal, None where there is none.
        thumbnails: one picture of each film (the first few), or three planes of a volume.
        description: SeriesDescription, which may name the patient.
    """

    name: str
    uid_hash: str
    kind: Kind
    modality: str
    plane: str
    named: bool
    files: int
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]
    size: tuple[int, ...]
    spacing_mm: tuple[float, ...]
    coverage_mm: float | None
    thumbnails: tuple[Thumbnail, ...] = field(repr=False)
    description: str = field(repr=False)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, without the pictures and the description."""
        return {
            "series": self.name,
            "uid_hash": self.uid_hash,
            "kind": self.kind.value,
            "modality": self.modality,
            "plane": self.plane,
            "has_uids": self.named,
            "files": self.files,
            "faults": [vars(fault) for fault in self.faults],
            "notes": list(self.notes),
            "size": list(self.size),
            "spacing_mm": [round(value, 4) for value in self.spacing_mm],
            "coverage_mm": None if self.coverage_mm is None else round(self.coverage_mm, 3),
        }


@dataclass(frozen=True, eq=False)
class Inspection:
    """All series, and the refused files by code: how many, and what the code means."""

    series: tuple[SeriesReport, ...]
    refused: tuple[Fault, ...]

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, free of patient data."""
        return {
            "series": [report.as_dict() for report in self.series],
            "refused_files": [{"code": fault.code, "what": fault.what, "files": fault.files} for fault in self.refused],
        }


def inspect(found: Discovery, *, on_series: Callable[[], object] = lambda: None) -> Inspection:
    """Read every series and collect what is wrong with it.

    Args:
        on_series: called after each series, for a progress bar.
    """
    reports = []
    for series in found.series:
        reports.append(inspect_series(series))
        on_series()
    return Inspection(tuple(reports), _counted([refused.error for refused in found.refused]))


def inspect_series(series: FoundSeries) -> SeriesReport:
    """Read one series as far as that goes."""
    facts = series_facts(series)
    report = SeriesReport(
        name=series.name,
        uid_hash=series.uid_hash,
        kind=series.kind,
        modality=_shown(facts, "modality"),
        plane=_shown(facts, "plane"),
        named=series.named,
        files=len(series.instances),
        faults=(),
        notes=() if series.named else ("no UIDs: joined by folder and likeness",),
        size=_number(facts, "columns") + _number(facts, "rows"),
        spacing_mm=(),
        coverage_mm=float(facts["coverage_mm"][0]) if facts["coverage_mm"] else None,
        thumbnails=(),
        description=_shown(facts, "description"),
    )
    return _films(series, report) if series.kind is Kind.FILM else _volume(series, report)


def _films(series: FoundSeries, report: SeriesReport) -> SeriesReport:
    errors, pictures, first = [], list[Thumbnail](), None
    for path in series.paths:
        try:
            film = read_film(path, longest_side_px=_FILM_PX)
        except InputRejected as error:
            errors.append(error)
        else:
            pictures.append(of_film(film))
            first = first or film
    if first is None or first.spacing_mm is None or not report.size:
        return replace(report, faults=_counted(errors), thumbnails=tuple(pictures[:3]))
    rows_mm, columns_mm = first.spacing_mm
    scale = first.pixels.shape[1] / report.size[0]
    return replace(
        report,
        faults=_counted(errors),
        thumbnails=tuple(pictures[:3]),
        spacing_mm=(columns_mm * scale, rows_mm * scale),
    )


def _volume(series: FoundSeries, report: SeriesReport) -> SeriesReport:
    faults, volume = _faults(series.instances)
    if volume is None:
        return replace(report, faults=faults)
    notes = [f"{note['code']}: {note['what']}" for note in volume.provenance["notes"] + volume.provenance["repairs"]]
    return replace(
        report,
        faults=faults,
        notes=(*report.notes, *notes),
        size=tuple(volume.array.shape),
        spacing_mm=volume.spacing_mm,
        coverage_mm=volume.array.shape[2] * volume.spacing_mm[2],
        thumbnails=of_volume(volume, modality=report.modality),
    )


def _faults(files: Sequence[Instance]) -> tuple[tuple[Fault, ...], Volume | None]:
    """Every fault that can be seen: those of single files, then those of the series behind one another."""
    errors: list[InputRejected] = []
    sound = list(files)
    try:
        plan_series(files)
    except InputRejected:
        sound = [file for file in files if _header_fault(file.path, errors) is None]
    faults, options = list(_counted(errors)), DEFAULT_OPTIONS
    while sound:
        try:
            return tuple(faults), read_series(sound, options=options)
        except InputRejected as error:
            repair = _REPAIRS.get(error.code)
            faults.append(_fault(error, files=len(sound), repair=repair is not None))
            if repair is None:
                break
            options = repair(options)
    return tuple(faults), None


def _header_fault(path: Path, errors: list[InputRejected]) -> InputRejected | None:
    try:
        read_slice_headers(path)
    except InputRejected as error:
        errors.append(error)
        return error
    return None


def _counted(errors: Sequence[InputRejected]) -> tuple[Fault, ...]:
    """One fault for each code and meaning, the most frequent first."""
    kinds: dict[tuple[str, str], list[InputRejected]] = {}
    for error in errors:
        kinds.setdefault((error.code, error.what), []).append(error)
    ordered = sorted(kinds.values(), key=lambda alike: (-len(alike), alike[0].code))
    return tuple(_fault(alike[0], files=len(alike), repair=False) for alike in ordered)


def _fault(error: InputRejected, *, files: int, repair: bool) -> Fault:
    got = f": {error.got}" if error.got else ""
    expected = f", expected {error.expected}" if error.expected else ""
    return Fault(error.code, f"{error.what}{got}{expected}", files, repair)


def _shown(facts: Facts, field: str) -> str:
    return " | ".join(map(str, facts[field]))


def _number(facts: Facts, field: str) -> tuple[int, ...]:
    return (int(facts[field][0]),) if len(facts[field]) == 1 else ()
