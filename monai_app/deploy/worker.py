"""The worker: one thread follows the archive's feed into the queue, others take jobs out of it."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from monai_app.core.errors import AppError
from monai_app.deploy.backoff import Backoff
from monai_app.deploy.job_queue import Job
from monai_app.deploy.metrics import Metrics
from monai_app.deploy.round_trip import RoundTrip

logger = logging.getLogger(__name__)

OUTAGES = frozenset({"PACS_UNREACHABLE", "DISK_FULL", "WRITE_FAILED"})
"""Not the study's fault: they last as long as they last, and never bring a study onto the list of the dead."""


@dataclass
class Worker:
    """Follows and works until it is stopped.

    Attributes:
        trip: what every job goes through.
        backoff: between the tries of a job, and of the feed.
        metrics: counted here.
        threads: jobs at a time; they share one model.
        most_attempts: then a study is given up.
        poll_s: between two looks at the feed or the queue.
        quiet_s: how long nothing of a study arrived before it is looked at.
        clock: seconds since 1970.
        beat: time of the last look at the feed that succeeded, None before the first.
    """

    trip: RoundTrip
    backoff: Backoff
    metrics: Metrics
    threads: int = 1
    most_attempts: int = 5
    poll_s: float = 1.0
    quiet_s: float = 1.0
    clock: Callable[[], float] = time.time
    beat: float | None = field(default=None, init=False)
    _stop: threading.Event = field(default_factory=threading.Event, init=False)
    _reachable: threading.Event = field(default_factory=threading.Event, init=False)
    _fatal: list[AppError] = field(default_factory=list, init=False)

    def run(self, *, grace_s: float = 20.0) -> None:
        """Until :meth:`stop` or an exception in this thread; running jobs get ``grace_s`` to end, else run again later.

        Raises:
            AppError: ``STATE_FAILED`` where the state file fails.
        """
        recovered = self.trip.queue.recover(most_attempts=self.most_attempts)
        logger.info("the worker starts with %d threads; %d jobs were cut off and run again", self.threads, recovered)
        workers = [threading.Thread(target=self._work, daemon=True) for _ in range(self.threads)]
        for worker in workers:
            worker.start()
        failures = 0
        try:
            while not self._stop.is_set():
                failures = 0 if self._followed() else failures + 1
                self._stop.wait(self.backoff.seconds(failures) if failures else self.poll_s)
        finally:
            self.stop()
            ends = time.monotonic() + grace_s
            for worker in workers:
                worker.join(max(0.0, ends - time.monotonic()))
        if self._fatal:
            raise self._fatal[0]

    def stop(self) -> None:
        """No further job is taken."""
        self._stop.set()
        self._reachable.set()

    def healthy(self, *, silent_s: float) -> bool:
        """Whether the feed was read within the last ``silent_s`` seconds and no thread has died."""
        return not self._fatal and self.beat is not None and self.clock() - self.beat <= silent_s

    def follow(self) -> None:
        """Note everything that changed since the last look.

        Raises:
            AppError: as the archive and the state file.
        """
        queue, archive = self.trip.queue, self.trip.archive
        position = queue.position() or 0
        if archive.last_change() < position:
            logger.warning("the feed is shorter than it was: the archive was replaced, it is read from the start")
            position = 0
        while not self._stop.is_set():
            page = archive.changes(position)
            studies = archive.studies_of(page.resources)
            if studies or page.position != position:
                queue.note(studies, page.position, quiet_s=self.quiet_s)
            position = page.position
            self.beat = self.clock()
            if page.done:
                return

    def work_once(self) -> bool:
        """Take one job as far as it goes; False where none is due.

        Raises:
            AppError: ``STATE_FAILED``; every other failure is the job's.
        """
        job = self.trip.queue.claim()
        if job is None:
            return False
        started = time.monotonic()
        try:
            outcome: str = self.trip.run(job)
        except AppError as error:
            if error.code == "STATE_FAILED":
                raise
            outcome = self._failed(job, error.code)
        except Exception as error:  # a fault of the program: the study waits, the others go on
            logger.exception("job %d met a fault of the program (%s)", job.number, type(error).__name__)
            outcome = self._failed(job, "INTERNAL")
        self.metrics.ran(outcome, time.monotonic() - started)
        logger.info("job %d: %s", job.number, outcome)
        return True

    def _failed(self, job: Job, code: str) -> str:
        queue = self.trip.queue
        if code in OUTAGES:
            if code == "PACS_UNREACHABLE":
                self._reachable.clear()
            queue.outage(job, code, self.backoff.seconds(job.outages + 1))
            return "outage"
        if job.attempts < self.most_attempts:
            logger.warning("job %d failed with %s, attempt %d", job.number, code, job.attempts)
            queue.failed(job, code, self.backoff.seconds(job.attempts))
            return "failed"
        logger.error("job %d failed with %s and is given up; `monai-app deploy retry` revives it", job.number, code)
        try:
            if queue.open(job):  # else what failed was only a look at a study whose results still hold
                self.trip.withdraw(job)
        except AppError as error:
            logger.error("results of job %d that rest on other images may still stand (%s)", job.number, error.code)
        queue.give_up(job, code)
        return "dead"

    def _followed(self) -> bool:
        try:
            self.follow()
        except AppError as error:
            if error.code == "STATE_FAILED":
                raise
            logger.warning("the feed cannot be read: %s", error)
            self._reachable.clear()
            return False
        self._reachable.set()
        return True

    def _work(self) -> None:
        try:
            while not self._stop.is_set():
                self._reachable.wait()
                if self._stop.is_set():
                    return
                if not self.work_once():
                    self._stop.wait(self.poll_s)
        except AppError as error:
            self._fatal.append(error)
            self.stop()
