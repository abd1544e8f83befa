"""De-identifying the images of a folder: new names, one report, and nothing of what the files were called or said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataset import FileDataset

from monai_app.core.atomic import atomic_directory, write_bytes, write_json
from monai_app.core.errors import InputRejected
from monai_app.dicom.burned_text import has_text
from monai_app.dicom.deid import METHOD, deidentify
from monai_app.dicom.deid_key import SiteKey
from monai_app.dicom.discover import FoundSeries, discover
from monai_app.dicom.header import check_size
from monai_app.dicom.instance import Instance
from monai_app.dicom.quiet import quietly
from monai_app.dicom.stored import stored_values
from monai_app.dicom.study import to_bytes

REPORT = "deid.json"


class BurnedIn(StrEnum):
    """What becomes of an image in which text was found, or which says that text is in it."""

    REFUSE = "refuse"
    MARK = "mark"


@dataclass
class _Tally:
    """What happened so far.

    Attributes:
        written: files.
        burned_in: names of written files that are marked.
        refused: number of files by code.
    """

    written: int = 0
    burned_in: list[str] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)


def deidentify_folder(
    source: str | Path,
    out: str | Path,
    key: SiteKey,
    *,
    burned_in: BurnedIn = BurnedIn.REFUSE,
    force: bool = False,
    on_file: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """De-identify the films and slices below a folder; anything else is refused, and counted by its code.

    Args:
        burned_in: of images with text; ``mark`` writes them with BurnedInAnnotation YES, whatever they said.
        on_file: told after each file.

    Returns:
        The report, as it is written to ``deid.json``: counts, and files to look at by their new names.

    Raises:
        InputRejected: ``NOTHING_WRITTEN``; ``OUTPUT_EXISTS``; ``FILE_NOT_FOUND``; ``TOO_MANY_FILES``.
    """
    found = discover(source)
    tally = _Tally()
    tally.refused.update(one.error.code for one in found.refused)
    with atomic_directory(out, force=force) as folder:
        for series in found.series:
            place = Path(*(f"{number:0>4}" for number in series.name.split(".")))
            for number, (dataset, marked) in enumerate(_series(series, key, burned_in, tally, on_file), 1):
                name = place / f"{number:06d}.dcm"
                write_bytes(folder / name, to_bytes(dataset))
                tally.written += 1
                if marked:
                    tally.burned_in.append(name.as_posix())
        if not tally.written:
            raise InputRejected(
                "NOTHING_WRITTEN",
                "no image could be de-identified",
                got=", ".join(f"{code} {count}" for code, count in sorted(tally.refused.items())) or "no file",
                expected="films, CT, MR or PET images",
            )
        report = _report(tally, len(found.studies), burned_in)
        write_json(folder / REPORT, report)
    return report


def _series(
    series: FoundSeries, key: SiteKey, burned_in: BurnedIn, tally: _Tally, on_file: Callable[[], None]
) -> Iterator[tuple[FileDataset, bool]]:
    """The images of a series in the order of their new UIDs, and whether each is marked."""
    for instance in sorted(series.instances, key=lambda one: key.uid(one.sop_uid)):
        try:
            dataset = _read(instance)
            marked = dataset.get("BurnedInAnnotation") == "YES" or _shows_text(instance)
            if marked and burned_in is BurnedIn.REFUSE:
                raise InputRejected("BURNED_IN_TEXT", "text is burnt into an image", expected="pixels without text")
            _deidentify(dataset, key)
            if marked:
                dataset.BurnedInAnnotation = "YES"
            yield dataset, marked
        except InputRejected as error:
            tally.refused[error.code] += 1
        finally:
            on_file()


def _read(instance: Instance) -> FileDataset:
    if not instance.sop_uid or not instance.named or not instance.sop_class:
        raise InputRejected("NO_UID", "an image has no UIDs to replace", expected="study, series, instance and class")
    try:
        with quietly():
            return pydicom.dcmread(instance.path)
    except Exception as error:  # a parser of foreign bytes may raise anything; nothing of it is shown
        raise InputRejected("DICOM_UNREADABLE", "an image cannot be read", got=type(error).__name__) from None


def _deidentify(dataset: FileDataset, key: SiteKey) -> None:
    try:
        with quietly():
            deidentify(dataset, key)
    except Exception as error:
        raise InputRejected("DICOM_UNREADABLE", "an image cannot be read", got=type(error).__name__) from None


def _shows_text(instance: Instance) -> bool:
    """Whether any of its frames does."""
    opened = instance.opened
    check_size(opened.dataset, file_bytes=instance.path.stat().st_size, pixels_at=opened.pixels_at)
    frames = int(opened.dataset.get("NumberOfFrames") or 1)
    return any(
        has_text(stored_values(instance.path, opened.dataset, pixels_at=opened.pixels_at, frame=frame))
        for frame in range(frames)
    )


def _report(tally: _Tally, studies: int, burned_in: BurnedIn) -> dict[str, Any]:
    return {
        "format": "monai-app-deid-1",
        "method": METHOD,
        "studies": studies,
        "files_written": tally.written,
        "files_refused": dict(sorted(tally.refused.items())),
        "burned_in": burned_in.value,
        "burned_in_files": tally.burned_in,
    }
