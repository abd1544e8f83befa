"""What the worker needs of an archive; :class:`monai_app.dicom.orthanc.Orthanc` is one, tests have another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from monai_app.dicom.orthanc import Changes, StudyImages


class Archive(Protocol):
    """See the methods of Orthanc."""

    def last_change(self) -> int:
        """The end of the feed."""

    def changes(self, since: int) -> Changes:
        """A page of the feed."""

    def studies_of(self, resources: Sequence[str]) -> tuple[str, ...]:
        """The studies that resources belong to."""

    def images(self, study: str) -> StudyImages:
        """The images of a study."""

    def download(self, instance: str, path: Path) -> None:
        """The file of an instance."""

    def stored(self, study: str) -> dict[str, str]:
        """UID and archive's name of everything in a study."""

    def uids(self, files: Sequence[Path]) -> list[str]:
        """The UIDs that files will be stored under."""

    def store(self, files: Sequence[Path]) -> None:
        """Store files in one request."""

    def remove(self, instances: Sequence[str]) -> None:
        """Remove instances."""


class Application(Protocol):
    """What the worker runs: an open application, see ``segmentation`` and ``diagnosis``."""

    def run(self, folder: Path, out: Path, *, created: datetime) -> dict[str, Any]:
        """From a folder of images to ``out/dicom/*.dcm``."""
