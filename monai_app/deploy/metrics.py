"""Prometheus metrics of the worker: counts and seconds, nothing that names a study."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric

from monai_app.core.errors import AppError
from monai_app.deploy.job_queue import JobQueue
from monai_app.deploy.result_sets import ResultSets

_SECONDS = (0.1, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600)


class Metrics:
    """A registry of its own, so that two workers in one process do not share counters.

    Args:
        queue: counted whenever somebody asks.
        results: likewise.
    """

    def __init__(self, queue: JobQueue, results: ResultSets) -> None:
        self._registry = CollectorRegistry()
        self._queue, self._results = queue, results
        self._runs = Counter(
            "monai_app_worker_runs", "Jobs taken since the start", ["outcome"], registry=self._registry
        )
        self._seconds = Histogram(
            "monai_app_worker_seconds", "Seconds of a job that ended in stored results or a rejection",
            registry=self._registry, buckets=_SECONDS,
        )  # fmt: skip
        self._registry.register(self)

    def ran(self, outcome: str, seconds: float) -> None:
        """Count a job."""
        self._runs.labels(outcome=outcome).inc()
        if outcome in ("stored", "rejected"):
            self._seconds.observe(seconds)

    def text(self) -> bytes:
        """In Prometheus' text format."""
        return generate_latest(self._registry)

    def collect(self) -> Iterable[Metric]:
        """What the state file says; nothing while it cannot be read."""
        try:
            jobs, sets, position = self._queue.counts(), self._results.counts(), self._queue.position()
        except AppError:
            return
        yield _gauge("monai_app_jobs", "Studies by state", {str(state): count for state, count in jobs.items()})
        yield _gauge("monai_app_result_sets", "Sets of results by state", {str(s): count for s, count in sets.items()})
        yield GaugeMetricFamily("monai_app_feed_position", "Place in the archive's change feed", value=position or 0)


def _gauge(name: str, what: str, values: dict[str, int]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, what, labels=["state"])
    for state, value in values.items():
        family.add_metric([state], value)
    return family
