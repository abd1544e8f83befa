"""Putting a worker together and keeping it at work until it is stopped."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from monai_app.core.atomic import content_hash
from monai_app.core.errors import AppError
from monai_app.core.random import numpy_generator
from monai_app.deploy.archive import Application, Archive
from monai_app.deploy.backoff import Backoff
from monai_app.deploy.begin import Begin
from monai_app.deploy.diagnosis import DiagnosisApp
from monai_app.deploy.job_queue import JobQueue
from monai_app.deploy.metrics import Metrics
from monai_app.deploy.result_sets import ResultSets
from monai_app.deploy.round_trip import RoundTrip
from monai_app.deploy.segmentation import SegmentationApp
from monai_app.deploy.state_file import StateFile
from monai_app.deploy.status import summary
from monai_app.deploy.status_server import StatusServer
from monai_app.deploy.worker import Worker


@dataclass(frozen=True)
class Settings:
    """What a site sets for its worker.

    Attributes:
        state: SQLite file on a local disk; ``<state>.work`` beside it holds downloads and is emptied at the start.
        begin: with the studies that the archive holds, or with those that come.
        threads: jobs at a time.
        most_attempts: then a study is given up.
        poll_s: between two looks at the feed.
        quiet_s: how long nothing of a study arrived before it is looked at, besides the archive's StableAge.
        retry_s: about how long after the first failure.
        reserve_mib: that stay free on the disk.
        status_host: of the status page.
        status_port: of the status page; None serves none.
    """

    state: Path
    begin: Begin = Begin.ALL
    threads: int = 1
    most_attempts: int = 5
    poll_s: float = 2.0
    quiet_s: float = 2.0
    retry_s: float = 2.0
    reserve_mib: int = 1024
    status_host: str = "127.0.0.1"
    status_port: int | None = None


_SILENT_S = 60.0
"""A worker that could not read the feed for so long, and three polls, is not healthy."""


def local_now() -> datetime:
    """By the machine's clock, as DICOM writes it: local and without a zone."""
    return datetime.now().astimezone().replace(tzinfo=None, microsecond=0)


def app_key(app: SegmentationApp | DiagnosisApp) -> str:
    """What results follow from besides the images: another key runs every study again that changes."""
    model = app.model
    settings = app.options.as_dict() if isinstance(app, SegmentationApp) else dict(app.model.settings)
    return content_hash([app.name, app.spec.model_dump(mode="json"), model.name, model.version, model.sha256, settings])


def serve(archive: Archive, app: Application, key: str, settings: Settings) -> None:
    """Work until SIGTERM or Ctrl-C.

    Raises:
        InputRejected: ``STATE_FOREIGN``.
        AppError: ``STATE_IN_USE``, ``STATE_FAILED``, ``STATUS_PORT``; as the archive where it cannot be asked where to
            begin.
    """
    state = StateFile(settings.state)
    try:
        worker = make_worker(archive, app, key, settings, state)
        if settings.status_port is None:
            worker.run()
            return
        queue, results = worker.trip.queue, worker.trip.results
        silent_s = max(_SILENT_S, 3 * settings.poll_s)
        with StatusServer(
            lambda: summary(queue, results), worker.metrics.text, lambda: worker.healthy(silent_s=silent_s),
            host=settings.status_host, port=settings.status_port,
        ):  # fmt: skip
            worker.run()
    finally:
        state.close()


def make_worker(
    archive: Archive,
    app: Application,
    key: str,
    settings: Settings,
    state: StateFile,
    *,
    clock: Callable[[], float] = time.time,
    now: Callable[[], datetime] = local_now,
) -> Worker:
    """A worker that is about to start.

    Args:
        archive: holds the studies.
        app: open application.
        key: see :func:`app_key`.
        state: the open file of ``settings``.
        clock: seconds since 1970.
        now: as results are dated.

    Raises:
        AppError: ``WRITE_FAILED`` where there can be no scratch folder; as the archive.
    """
    queue, results = JobQueue(state, clock), ResultSets(state, clock)
    if queue.position() is None and settings.begin is Begin.NEW:
        queue.note((), archive.last_change())
    trip = RoundTrip(
        archive, app, key, queue, results, _scratch(settings.state), now,
        settle_s=settings.quiet_s, reserve_bytes=settings.reserve_mib << 20,
    )  # fmt: skip
    return Worker(
        trip,
        Backoff(numpy_generator("pacs worker", time.time_ns()), first_s=settings.retry_s),
        Metrics(queue, results),
        threads=settings.threads,
        most_attempts=settings.most_attempts,
        poll_s=settings.poll_s,
        quiet_s=settings.quiet_s,
        clock=clock,
    )


def _scratch(state: Path) -> Path:
    """An empty folder of the worker's own: what a worker that was killed had downloaded is removed."""
    folder = state.with_name(f"{state.name}.work")
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise AppError(
            "WRITE_FAILED", "the worker's scratch folder cannot be made", got=type(error).__name__,
            expected="a folder that the worker may write to, beside the state file",
        ) from None  # fmt: skip
    return folder
