"""What to segment: a NIfTI or NRRD file, or the series of a DICOM folder that rules, or its being alone, select."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import read_series
from monai_app.dicom.discover import FoundSeries, discover
from monai_app.dicom.objects import Kind
from monai_app.dicom.selection import select
from monai_app.dicom.series_rules import SeriesRules
from monai_app.dicom.volume import Volume
from monai_app.dicom.volume_files import read_volume


@dataclass(frozen=True, eq=False)
class Source:
    """One volume, and what it came from without saying whose it is.

    Attributes:
        identity: ``series_uid_hash`` of a DICOM series or ``sha256`` of a file, and ``kind``.
    """

    volume: Volume
    identity: dict[str, str]


def read_source(path: str | Path, *, rules: str | Path | None = None) -> Source:
    """Read the volume to segment.

    Args:
        path: a file, or a folder of DICOM files.
        rules: file of series rules with one role; without rules a folder must hold a single series of slices.

    Raises:
        InputRejected: ``NO_SERIES_SELECTED``, ``SERIES_AMBIGUOUS``; as :func:`read_volume` and :func:`read_series`.
    """
    source = Path(path)
    if not source.is_dir():
        return Source(read_volume(source), {"kind": "file", "sha256": sha256_file(source) if source.is_file() else ""})
    found = discover(source)
    if rules is None:
        series = _only([one for one in found.series if one.kind is not Kind.FILM])
    else:
        selections = select(found.studies, SeriesRules.read(rules))
        series = _only([one for selection in selections for role in selection.roles.values() for one in role])
    return Source(read_series(series.instances), {"kind": "series", "series_uid_hash": series.uid_hash})


def _only(candidates: list[FoundSeries]) -> FoundSeries:
    if len(candidates) == 1:
        return candidates[0]
    raise InputRejected(
        "SERIES_AMBIGUOUS" if candidates else "NO_SERIES_SELECTED",
        "the folder holds several series of slices" if candidates else "the folder holds no series of slices",
        got=len(candidates),
        expected="one",
        remedy="Give --rules with one role, or the folder of one series.",
    )
