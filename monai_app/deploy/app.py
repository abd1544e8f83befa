"""What an application is: which series it takes, which bundle sees them, which codes its labels have.

``configs/apps/<name>.yaml`` holds the shipped ones; a site names its own file.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from pydantic import Field

from monai_app.core.errors import InputRejected
from monai_app.core.records import Record
from monai_app.core.resources import resource
from monai_app.dicom.segment_codes import SegmentCodes
from monai_app.dicom.series_rules import SeriesRules

MANIFEST, OBJECTS = "manifest.json", "dicom"
"""What every application leaves in its output folder: a record of the run, and the folder of the DICOM results."""


class AppKind(StrEnum):
    """What an application finds."""

    SEGMENTATION = "segmentation"
    DIAGNOSIS = "diagnosis"


class AppSpec(Record):
    """An application.

    Attributes:
        description: for people.
        kind: what it finds.
        bundle: name or path of the bundle.
        overlays: of the bundle.
        rules: series rules with one role: a name in configs/series or a path.
        segments: codes of the labels: a name in configs/segments or a path.
        draws: altered copies that are segmented too, for the interval of each volume; 0 for none.
        settings: of the bundle's inference, for a diagnosis: calibration, novelty, ...
        tasks: of a diagnosis, whose labels are reported; all binary and multilabel ones where none is named.
        threshold: probability from which a label is reported as present.
        method: of the maps of a film; None makes none.
    """

    description: str
    kind: AppKind
    bundle: str
    rules: str
    overlays: tuple[str, ...] = ()
    segments: str = ""
    draws: int = 0
    settings: dict[str, bool | int | float | str | None] = Field(default_factory=dict)
    tasks: tuple[str, ...] = ()
    threshold: float = Field(default=0.5, gt=0, lt=1)
    method: str | None = None

    def series_rules(self) -> SeriesRules:
        """The rules.

        Raises:
            InputRejected: as :meth:`SeriesRules.read`.
        """
        return SeriesRules.read(_file(self.rules, "series"))

    def segment_codes(self) -> SegmentCodes:
        """The codes of the labels.

        Raises:
            InputRejected: ``RECORD_INVALID``.
        """
        return SegmentCodes.read(_file(self.segments, "segments"))


def app_names() -> list[str]:
    """The shipped applications."""
    return sorted(path.stem for path in resource("configs", "apps").glob("*.yaml"))


def find_app(name: str) -> AppSpec:
    """A shipped application by name, or one of the site by the path of its YAML.

    Raises:
        InputRejected: ``APP_UNKNOWN``, ``RECORD_INVALID``.
    """
    path = Path(name)
    if path.suffix == ".yaml" and path.is_file():
        return AppSpec.read(path)
    if name not in app_names():
        raise InputRejected(
            "APP_UNKNOWN", "there is no such application", expected=", ".join(app_names()), remedy="Check --app."
        )
    return AppSpec.read(resource("configs", "apps", f"{name}.yaml"))


def _file(name: str, folder: str) -> Path:
    path = Path(name)
    return path if path.suffix == ".yaml" else resource("configs", folder, f"{name}.yaml")
