"""An archive and an application in memory, milliseconds each; every call of theirs is a place where power can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from monai_app.core.errors import AppError, InputRejected
from monai_app.deploy.serve import Settings, make_worker
from monai_app.deploy.state_file import StateFile
from monai_app.deploy.worker import Worker
from monai_app.dicom.orthanc import Changes, StudyImages

KINDS = ("capture", "report", "segmentation")


class Killed(BaseException):
    """kill -9: nothing catches it."""


@dataclass
class Crash:
    """Power fails at one call, before or after it took effect; calls are counted from 0."""

    at: int = -1
    after: bool = False
    calls: int = 0

    @contextmanager
    def __call__(self) -> Iterator[None]:
        mine, self.calls = self.calls, self.calls + 1
        if mine == self.at and not self.after:
            raise Killed
        yield
        if mine == self.at:
            raise Killed


@dataclass
class FakeArchive:
    """Orthanc as the worker sees it.

    Attributes:
        images_of: instance names of each study.
        others: UID to content of what else is in each study.
        failing: raised by the next calls, one each.
        half: the next request to store breaks off after one object.
    """

    images_of: dict[str, set[str]] = field(default_factory=dict)
    others: dict[str, dict[str, str]] = field(default_factory=dict)
    feed: list[str] = field(default_factory=list)
    stable: bool = True
    failing: list[AppError] = field(default_factory=list)
    half: bool = False
    requests: int = 0
    crash: Crash = field(default_factory=Crash)

    def send(self, study: str, *instances: str) -> None:
        for one in instances:
            if one not in self.images_of.setdefault(study, set()):
                self.images_of[study].add(one)
                self.feed.append(study)

    @contextmanager
    def _call(self) -> Iterator[None]:
        with self.crash():
            if self.failing:
                raise self.failing.pop(0)
            yield

    def last_change(self) -> int:
        with self._call():
            return len(self.feed)

    def changes(self, since: int) -> Changes:
        with self._call():
            page = self.feed[since : since + 3]
            return Changes(tuple(dict.fromkeys(page)), since + len(page), since + len(page) >= len(self.feed))

    def studies_of(self, resources: Sequence[str]) -> tuple[str, ...]:
        with self._call():
            return tuple(sorted(set(resources) & self.images_of.keys()))

    def images(self, study: str) -> StudyImages:
        with self._call():
            if study not in self.images_of:
                raise AppError("PACS_GONE", "gone")
            return StudyImages(tuple(sorted(self.images_of[study])), self.stable, 1)

    def download(self, instance: str, path: Path) -> None:
        with self._call():
            path.write_text(instance)

    def stored(self, study: str) -> dict[str, str]:
        with self._call():
            return {uid: f"name of {uid}" for uid in self.others.get(study, {})}

    def uids(self, files: Sequence[Path]) -> list[str]:
        return [path.read_text().splitlines()[0] for path in files]

    def store(self, files: Sequence[Path]) -> None:
        """As Orthanc does without OverwriteInstances: one object after the other, and what is there stays."""
        with self._call():
            self.requests += 1
        for path in files:
            with self.crash():
                uid, study, content = path.read_text().splitlines()
                self.others.setdefault(study, {}).setdefault(uid, content)
                self.feed.append(study)
            if self.half:
                self.half = False
                raise AppError("PACS_UNREACHABLE", "broke off")

    def remove(self, instances: Sequence[str]) -> None:
        for found in self.others.values():
            for uid in [uid for uid in found if f"name of {uid}" in instances]:
                with self._call():
                    del found[uid]


@dataclass
class FakeApp:
    """Three objects whose UIDs follow from the images; an instance named "odd" makes it refuse the study."""

    crash: Crash = field(default_factory=Crash)
    runs: list[frozenset[str]] = field(default_factory=list)
    hook: Callable[[], None] = lambda: None

    def run(self, folder: Path, out: Path, *, created: datetime) -> dict[str, Any]:
        images = sorted(path.read_text() for path in folder.iterdir())
        with self.crash():
            self.runs.append(frozenset(images))
            self.hook()
            if not images or any("odd" in one for one in images):
                raise InputRejected("NO_SERIES_SELECTED", "nothing fits")
            (out / "dicom").mkdir(parents=True)
            study = images[0].split("/")[0]
            for kind in KINDS:
                uid = expected_uid(kind, images)
                (out / "dicom" / f"{kind}.dcm").write_text(f"{uid}\n{study}\n{created.isoformat()}\n")
        return {}


def expected_uid(kind: str, images: Sequence[str]) -> str:
    return f"{kind} of {' '.join(sorted(images))}"


@dataclass
class Site:
    """An archive, an application and a worker whose clock is ours; ``restart`` is what systemd does after a crash."""

    folder: Path
    archive: FakeArchive = field(default_factory=FakeArchive)
    app: FakeApp = field(default_factory=FakeApp)
    now: float = 1000.0
    most_attempts: int = 5
    state: StateFile | None = None

    def __post_init__(self) -> None:
        self.app.crash = self.archive.crash
        self.restart()

    def _worker(self) -> Worker:
        settings = Settings(self.folder / "state.sqlite", quiet_s=0.0, reserve_mib=0, most_attempts=self.most_attempts)
        assert self.state is not None
        return make_worker(
            self.archive, self.app, "key", settings, self.state,
            clock=lambda: self.now, now=lambda: datetime.fromtimestamp(self.now),
        )  # fmt: skip

    def restart(self) -> None:
        if self.state is not None:
            self.state.close()
        self.state = StateFile(self.folder / "state.sqlite")
        with self.state.reading() as connection:
            connection.execute("PRAGMA synchronous = OFF")  # no machine loses its power in these tests
        self.worker = self._worker()
        self.worker.trip.queue.recover(most_attempts=self.most_attempts)

    def idle(self, *, rounds: int = 30) -> None:
        """Until nothing changes any more; every wait is over at once."""
        for _ in range(rounds):
            with suppress(AppError):
                self.worker.follow()
            self.now += 1000.0
            if not self.worker.work_once() and self.worker.trip.queue.position() == len(self.archive.feed):
                return
        raise AssertionError("the worker does not come to rest")

    def expected(self, study: str) -> set[str]:
        images = sorted(self.archive.images_of[study])
        return {expected_uid(kind, images) for kind in KINDS}

    def scratch(self) -> list[Path]:
        return list((self.folder / "state.sqlite.work").iterdir())
