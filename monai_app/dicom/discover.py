"""What a folder holds: studies, their series, the images of each, and why each other file was refused.

Only headers are read. Studies and series are numbered in the order of their UIDs, so that file names and the order of
the walk change nothing; people see the numbers and a hash, never a UID.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from monai_app.core.atomic import sha256_bytes
from monai_app.core.errors import InputRejected
from monai_app.dicom.element_memo import ElementMemo
from monai_app.dicom.instance import Instance, read_instance
from monai_app.dicom.objects import Kind

MAX_FILES = 200_000
"""Files below one folder; more is a mistaken path, such as the root of an archive."""


@dataclass(frozen=True, eq=False)
class FoundSeries:
    """Images that one series UID joins; whether they make a volume is for the reader to say.

    Attributes:
        name: ``study.series`` as numbers from 1, such as "1.3".
        uid_hash: first characters of the SHA-256 of the series UID.
        kind: what its images are.
        named: False where the files lack the UIDs and were joined by their folder and by what they have in common.
        instances: in the order of their paths.
    """

    name: str
    uid_hash: str
    kind: Kind
    named: bool
    instances: tuple[Instance, ...] = field(repr=False)

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files."""
        return tuple(instance.path for instance in self.instances)


@dataclass(frozen=True, eq=False)
class FoundStudy:
    """The series of one study.

    Attributes:
        number: from 1.
        uid_hash: first characters of the SHA-256 of the study UID.
    """

    number: int
    uid_hash: str
    series: tuple[FoundSeries, ...]


@dataclass(frozen=True, eq=False)
class RefusedFile:
    """A file that is no film and no slice, or is damaged."""

    path: Path = field(repr=False)
    error: InputRejected


@dataclass(frozen=True, eq=False)
class Discovery:
    """All that was found."""

    studies: tuple[FoundStudy, ...]
    refused: tuple[RefusedFile, ...]

    @property
    def series(self) -> tuple[FoundSeries, ...]:
        """The series of all studies."""
        return tuple(series for study in self.studies for series in study.series)


def discover(folder: str | Path) -> Discovery:
    """Read the headers of all files below a folder.

    Raises:
        InputRejected: ``FILE_NOT_FOUND`` where there is no such folder; ``TOO_MANY_FILES``. A faulty file is no
            fault of the folder: it is listed under ``refused``.
    """
    return discover_files(_files(Path(folder)))


def discover_files(files: Sequence[Path]) -> Discovery:
    """As :func:`discover`, of files."""
    instances: list[Instance] = []
    refused: list[RefusedFile] = []
    memo = ElementMemo()
    for path in files:
        try:
            instances.append(read_instance(path, memo))
        except InputRejected as error:
            refused.append(RefusedFile(path, error))
    return Discovery(_grouped(instances), tuple(refused))


def _files(folder: Path) -> list[Path]:
    """All files below, sorted; links to folders are not followed, so there are no loops."""
    if not folder.is_dir():
        raise InputRejected("FILE_NOT_FOUND", "the input folder is missing", remedy="Check the path that was given.")
    files: list[Path] = []
    for parent, _, names in os.walk(folder):
        files += (Path(parent, name) for name in names)
        if len(files) > MAX_FILES:
            raise InputRejected("TOO_MANY_FILES", "the folder holds too many files", expected=f"at most {MAX_FILES}")
    return sorted(files)


def _grouped(instances: Sequence[Instance]) -> tuple[FoundStudy, ...]:
    studies: dict[str, dict[tuple[str, Kind], list[Instance]]] = {}
    for instance in instances:
        studies.setdefault(instance.study, {}).setdefault((instance.series, instance.kind), []).append(instance)
    return tuple(
        FoundStudy(
            number=number,
            uid_hash=_hash(study),
            series=tuple(
                FoundSeries(
                    name=f"{number}.{place}",
                    uid_hash=_hash(key[0]),
                    kind=key[1],
                    named=all(instance.named for instance in members),
                    instances=tuple(members),
                )
                for place, (key, members) in enumerate(sorted(groups.items()), 1)
            ),
        )
        for number, (study, groups) in enumerate(sorted(studies.items()), 1)
    )


def _hash(uid: str) -> str:
    return sha256_bytes(uid.encode())[:10]
