"""What to segment: NIfTI or NRRD files, or the series of DICOM folders that rules, or being alone, select."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import read_series
from monai_app.dicom.discover import FoundSeries, discover
from monai_app.dicom.objects import Kind
from monai_app.dicom.selection import select
from monai_app.dicom.series_rules import SeriesRules
from monai_app.dicom.volume import Volume
from monai_app.dicom.volume_files import read_volume
from monai_app.dicom.volume_grid import require_same_grid


@dataclass(frozen=True, eq=False)
class Source:
    """One volume, or one a sequence of a study, and what they came from without saying whose they are.

    Attributes:
        identity: ``series_uid_hash`` of a DICOM series or ``sha256`` of a file, and ``kind``; of several sequences,
            such a record each under ``sequences``.
        others: further sequences on the grid of ``volume``.
    """

    volume: Volume
    identity: dict[str, Any]
    others: tuple[Volume, ...] = ()


def read_sources(
    paths: Sequence[str | Path], *, rules: str | Path | None = None, sequences: Sequence[str] = ("image",)
) -> Source:
    """Read the sequences of one study.

    Args:
        paths: one a sequence in the order of ``sequences``, or one DICOM folder out of which ``rules`` pick them.
        rules: for several sequences of one folder, rules with a role named as each sequence.
        sequences: names of the network's channels.

    Raises:
        InputRejected: ``GRID_MISMATCH``; as :func:`read_source`.
    """
    if len(paths) == 1 and rules is not None and len(sequences) > 1:
        parts = [read_source(paths[0], rules=rules, role=name) for name in sequences]
    else:
        parts = [read_source(path, rules=rules) for path in paths]
    if len(parts) == 1:
        return parts[0]
    for part in parts[1:]:
        require_same_grid(parts[0].volume, part.volume)
    identity = {"sequences": [part.identity for part in parts]}
    return Source(parts[0].volume, identity, tuple(part.volume for part in parts[1:]))


def read_source(path: str | Path, *, rules: str | Path | None = None, role: str | None = None) -> Source:
    """Read the volume to segment.

    Args:
        path: a file, or a folder of DICOM files.
        rules: file of series rules with one role; without rules a folder must hold a single series of slices.
        role: of the rules; without it the series of all roles count.

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
        roles = [item for selection in selections for item in selection.roles.items()]
        series = _only([one for name, picked in roles if role in (None, name) for one in picked])
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
