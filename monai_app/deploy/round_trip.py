"""One study from the archive through the application and back: the same images twice give one set of results.

Whatever is cut off is done again from the start. UIDs and bytes of results follow from the images and the time of the
first try, so doing it again stores the same objects, and the archive keeps one of each. What stands in the archive in
the end is what the application says of the images as they are now: results that rest on others are taken out, since a
viewer that showed both could not tell which is right.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from monai_app.core.atomic import content_hash
from monai_app.core.errors import AppError, InputRejected
from monai_app.deploy.app import OBJECTS
from monai_app.deploy.archive import Application, Archive
from monai_app.deploy.job_queue import Job, JobQueue, JobState
from monai_app.deploy.result_sets import ResultSets, hashed
from monai_app.dicom.orthanc import StudyImages

_ROOM = 2
"""Times the size of the study that its download and its results may take."""


class Outcome(StrEnum):
    """What became of a job."""

    STORED = "stored"
    REJECTED = "rejected"
    UNCHANGED = "unchanged"
    ARRIVING = "arriving"
    GONE = "gone"


@dataclass(frozen=True)
class RoundTrip:
    """What every job goes through.

    Attributes:
        archive: holds the studies.
        app: open application.
        app_key: what its results follow from besides the images: bundle, weights, settings.
        queue: of the jobs.
        results: what was stored.
        scratch: folder of the worker's own, for downloads.
        now: as results are dated.
        settle_s: how long to wait for a study that is still arriving.
        reserve_bytes: that stay free on the disk.
    """

    archive: Archive
    app: Application
    app_key: str
    queue: JobQueue
    results: ResultSets
    scratch: Path
    now: Callable[[], datetime]
    settle_s: float = 5.0
    reserve_bytes: int = 1 << 30

    def run(self, job: Job) -> Outcome:
        """Take a job to where the queue can leave it.

        Raises:
            AppError: as the archive; ``DISK_FULL``; ``PACS_INCOMPLETE`` where what was stored is not there; what the
                application raises but for InputRejected, which settles the job.
        """
        try:
            study = self.archive.images(job.study)
        except AppError as error:
            if error.code != "PACS_GONE":
                raise
            self.queue.forget(job)
            return Outcome.GONE
        sources = content_hash([self.app_key, *study.instances])
        if job.settled == sources and self._intact(job):
            self.queue.unchanged(job)
            return Outcome.UNCHANGED
        if not study.stable:
            self.queue.postpone(job, self.settle_s)
            return Outcome.ARRIVING
        return self._treat(job, study, sources)

    def withdraw(self, job: Job, keep: Sequence[str] = ()) -> int:
        """Take every result of a study but those kept out of the archive, and mark their sets superseded."""
        others = self.results.others(job, keep)
        if others:
            stored = self.archive.stored(job.study)
            self.archive.remove([name for uid, name in stored.items() if hashed(uid) in others])
        return self.results.replace(job, keep)

    def _intact(self, job: Job) -> bool:
        """Whether what was settled is what stands in the archive: all objects of the set, or none of any."""
        current = self.results.current(job)
        if job.outcome == JobState.DONE and not current:
            return False
        known = {hashed(uid) for uid in self.archive.stored(job.study)}
        return current <= known and not (self.results.others(job, ()) - current) & known

    def _treat(self, job: Job, study: StudyImages, sources: str) -> Outcome:
        created = self.queue.begin(job, sources, self.now())
        self._check_room(study)
        with tempfile.TemporaryDirectory(prefix="job-", dir=self.scratch) as place:
            folder, out = Path(place, "in"), Path(place, "out")
            folder.mkdir()
            for index, instance in enumerate(study.instances):
                self.archive.download(instance, folder / f"{index:06d}.dcm")
            try:
                self.app.run(folder, out, created=created)
            except InputRejected as error:
                self.withdraw(job)
                self.queue.settle(job, JobState.REJECTED, sources, reason=error.code)
                return Outcome.REJECTED
            uids = self._store(job, sorted((out / OBJECTS).iterdir()), sources)
        self.withdraw(job, keep=uids)
        self.queue.settle(job, JobState.DONE, sources)
        return Outcome.STORED

    def _store(self, job: Job, files: Sequence[Path], sources: str) -> list[str]:
        """All objects in one request, unless all are there; a part of them is completed."""
        uids = self.archive.uids(files)
        self.results.storing(job, uids, sources)
        if set(uids) - self.archive.stored(job.study).keys():
            self.archive.store(files)
            missing = set(uids) - self.archive.stored(job.study).keys()
            if missing:
                raise AppError(
                    "PACS_INCOMPLETE", "results were stored and are not in the study",
                    got=f"{len(missing)} of {len(uids)} missing", expected="all of them",
                )  # fmt: skip
        return uids

    def _check_room(self, study: StudyImages) -> None:
        try:
            free = shutil.disk_usage(self.scratch).free
        except OSError as error:
            raise AppError("DISK_FULL", "the scratch folder is not there", got=type(error).__name__) from None
        needed = _ROOM * study.disk_bytes + self.reserve_bytes
        if free < needed:
            raise AppError(
                "DISK_FULL", "the scratch folder has no room for the study",
                got=f"{free >> 20} MiB free", expected=f"{needed >> 20} MiB",
                remedy="Free space, or move the state file.",
            )  # fmt: skip
