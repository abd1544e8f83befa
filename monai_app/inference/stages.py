"""Seconds and peak memory of every stage of a run, for the manifest and the benchmark."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from monai_app.core.processor import peak_bytes, reset_peak

T = TypeVar("T")


class Stages:
    """A stopwatch with named stages; entering a stage twice adds up.

    Attributes:
        seconds: wall time a stage.
        peak_mib: most memory of this process while in the stage, MiB; since the start where the system cannot tell.

    Args:
        resets: False leaves the system's record of the peak alone, for those who measure a whole run.
    """

    def __init__(self, *, resets: bool = True) -> None:
        self.resets = resets
        self.seconds: dict[str, float] = {}
        self.peak_mib: dict[str, float] = {}

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Measure what runs inside the block."""
        if self.resets:
            reset_peak()
        started = time.perf_counter()
        try:
            yield
        finally:
            self._add(name, time.perf_counter() - started)

    def during(self, name: str, items: Iterable[T]) -> Iterator[T]:
        """Measure what an iterator does to make each item, and nothing of what is done with it."""
        iterator = iter(items)
        while True:
            started = time.perf_counter()
            try:
                item = next(iterator)
            except StopIteration:
                self._add(name, time.perf_counter() - started)
                return
            self._add(name, time.perf_counter() - started)
            yield item

    def _add(self, name: str, seconds: float) -> None:
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
        self.peak_mib[name] = max(self.peak_mib.get(name, 0.0), peak_bytes() / 2**20)

    def as_list(self) -> list[dict[str, float | str]]:
        """One record a stage, in order."""
        return [
            {"stage": name, "seconds": round(taken, 3), "peak_mib": round(self.peak_mib[name], 1)}
            for name, taken in self.seconds.items()
        ]
