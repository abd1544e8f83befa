"""Time grid of event tables that do not fit in memory: parquet in, one range of stays after another out.

Bit for bit what :func:`monai_app.cohort.timegrid.time_grid` gives, whatever the row groups and the workers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from monai_app.cohort.spec import SeriesSpec
from monai_app.cohort.timegrid import STAYS_PER_RANGE, Bools, Floats, Ints, TimeGrid, cells, scatter, step_us
from monai_app.core.errors import InputRejected

_COLUMNS = ("subject_id", "time", "code", "numeric_value")
_BATCH_ROWS = 1 << 17
"""Rows read at once: their columns fit the processor's second-level cache."""
_LONG_AGO = np.iinfo(np.int64).min // 4

Block = tuple[Ints, Ints, Ints, Floats]


@dataclass(frozen=True)
class GridRange:
    """The grids of samples ``first .. first + N - 1``."""

    first: int
    grid: TimeGrid


def iter_time_grid(
    paths: Sequence[str | Path],
    samples: pl.DataFrame,
    spec: SeriesSpec,
    *,
    stays: int = STAYS_PER_RANGE,
    workers: int = 1,
) -> Iterator[GridRange]:
    """Stream MEDS events into grids, about ``stays`` samples at a time.

    Args:
        paths: parquet files, together sorted by subject_id (MEDS): subject_id, time, code, numeric_value[, censored].
        samples: subject_id, prediction_time; row ``i`` is sample ``i``; sorted by subject_id.
        spec: the channels, their ranges and aggregates, the hours and the step.
        stays: samples a range; the samples of one subject are never cut apart.
        workers: threads that scatter while this one reads the next rows; one of each keeps two cores busy.

    Raises:
        InputRejected: ``MISSING_COLUMN``, ``EVENTS_UNSORTED``, ``SAMPLES_UNSORTED``, ``NOT_FINITE``, ``GRID_UNEVEN``.
    """
    step_us(spec)
    subject = samples["subject_id"].cast(pl.Int64).to_numpy()
    prediction = samples["prediction_time"].cast(pl.Datetime("us")).cast(pl.Int64).to_numpy()
    if subject.size and (np.diff(subject) < 0).any():
        raise InputRejected(
            "SAMPLES_UNSORTED", "the samples are not sorted by patient", expected="subject_id ascending"
        )
    edges = _range_edges(subject, stays)
    with ThreadPoolExecutor(workers) as pool:
        waiting: deque[tuple[int, Future[TimeGrid]]] = deque()
        for (first, stop), blocks in zip(edges, _blocks_by_range(paths, spec, subject, edges), strict=True):
            if len(waiting) > workers:
                start, done = waiting.popleft()
                yield GridRange(start, done.result())
            waiting.append((first, pool.submit(_grid, blocks, subject[first:stop], prediction[first:stop], spec)))
        for start, done in waiting:
            yield GridRange(start, done.result())


def _range_edges(subject: Ints, stays: int) -> list[tuple[int, int]]:
    """(first, stop) of each range: cut at the first change of subject after ``stays`` samples."""
    cuts = np.flatnonzero(np.diff(subject)) + 1
    edges, first = [], 0
    while first < subject.size:
        after = int(np.searchsorted(cuts, first + stays))
        stop = int(cuts[after]) if after < cuts.size else subject.size
        edges.append((first, stop))
        first = stop
    return edges


def _blocks_by_range(
    paths: Sequence[str | Path], spec: SeriesSpec, subject: Ints, edges: list[tuple[int, int]]
) -> Iterator[list[Block]]:
    """The rows of each range, in pieces: each batch is cut after the last subject of a range."""
    lasts = iter([int(subject[stop - 1]) for _, stop in edges])
    last = next(lasts, None)
    gathered: list[Block] = []
    for block in _blocks(paths, spec):
        begin = 0
        while last is not None:
            end = int(np.searchsorted(block[0], last, side="right"))
            rows = slice(begin, end)
            gathered.append((block[0][rows], block[1][rows], block[2][:, rows], block[3][rows]))
            if end == block[0].size:
                break
            yield gathered
            gathered, begin, last = [], end, next(lasts, None)
        if last is None:
            return
    while last is not None:
        yield gathered
        gathered, last = [], next(lasts, None)


def _blocks(paths: Sequence[str | Path], spec: SeriesSpec) -> Iterator[Block]:
    """subject_id, time in microseconds, channels, value, batch by batch."""
    previous = np.iinfo(np.int64).min
    for path in paths:
        for batch in _batches(path):
            subject = batch.column("subject_id").to_numpy()
            if subject.size and (int(subject[0]) < previous or (subject[1:] < subject[:-1]).any()):
                raise InputRejected(
                    "EVENTS_UNSORTED",
                    "the event files are not sorted by patient",
                    expected="subject_id ascending over all files in their given order, as MEDS asks",
                    remedy="Sort the events by subject_id, or use the in-memory time grid.",
                )
            previous = int(subject[-1]) if subject.size else previous
            yield _block(_counted(batch), spec)


def _batches(path: str | Path) -> Iterator[pa.RecordBatch]:
    """The columns of one file; without pre_buffer, which would keep the whole file in memory until its end."""
    with pq.ParquetFile(path, pre_buffer=False) as file:
        found = set(file.schema_arrow.names)
    if missing := [name for name in _COLUMNS if name not in found]:
        raise InputRejected(
            "MISSING_COLUMN", "an event file lacks columns", got=f"no {missing}", expected=list(_COLUMNS)
        )
    with pq.ParquetFile(path, read_dictionary=["code"], pre_buffer=False) as file:
        columns = [*_COLUMNS, *({"censored"} & found)]
        yield from file.iter_batches(_BATCH_ROWS, columns=columns, use_threads=False)


def _counted(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Only rows with a time, a number and no censoring flag."""
    keep = None
    for name in ("time", "code", "numeric_value"):
        if batch.column(name).null_count:
            valid = batch.column(name).is_valid()
            keep = valid if keep is None else pc.and_(keep, valid)
    if "censored" in batch.schema.names:
        measured = pc.equal(pc.fill_null(batch.column("censored"), 0), 0)
        if pc.min(measured).as_py() is False:
            keep = measured if keep is None else pc.and_(keep, measured)
    return batch if keep is None else batch.filter(keep)


def _block(batch: pa.RecordBatch, spec: SeriesSpec) -> Block:
    """The batch with its codes as channels: a code that feeds K channels has them in K rows, -1 where fewer."""
    code = batch.column("code")
    if not pa.types.is_dictionary(code.type):
        code = code.dictionary_encode()
    fed = [
        [c for c, channel in enumerate(spec.channels) if name in channel.codes] for name in code.dictionary.to_pylist()
    ]
    most = max(map(len, fed), default=0)
    lookup = np.array([channels + [-1] * (most - len(channels)) for channels in fed], np.int64).reshape(len(fed), most)
    channel = lookup.T[:, code.indices.to_numpy()]
    time = batch.column("time").cast(pa.timestamp("us")).cast(pa.int64()).to_numpy()
    return (
        batch.column("subject_id").to_numpy(),
        time,
        channel,
        batch.column("numeric_value").cast(pa.float32()).to_numpy(),
    )


def _grid(blocks: list[Block], subject: Ints, prediction: Ints, spec: SeriesSpec) -> TimeGrid:
    """The grid of one range of samples from its blocks."""
    parts = [rows for block in blocks for rows in _sample_rows(block, subject, prediction, spec)]
    empty = np.empty(0, np.int64)
    cell, age, value = zip(*(parts or [(empty, empty, empty.astype(np.float32))]), strict=True)
    ages_matter = any(channel.aggregate == "last" for channel in spec.channels)
    age_us = np.concatenate(age) if ages_matter else empty
    return scatter(np.concatenate(cell), age_us, np.concatenate(value), spec, subject.size)


def _sample_rows(
    block: Block, subject: Ints, prediction: Ints, spec: SeriesSpec
) -> Iterator[tuple[Ints, Ints, Floats]]:
    """Cell, age and value of the block's rows once for each sample of their subject; see :func:`scatter`.

    Rows that do not count go to the cell after the last one: cheaper than taking them out of every column.
    """
    rows_subject, time, channels, value = block
    if not rows_subject.size:
        return
    starts = np.concatenate(([0], np.flatnonzero(rows_subject[1:] != rows_subject[:-1]) + 1))
    lengths = np.diff(starts, append=rows_subject.size)
    first = np.searchsorted(subject, rows_subject[starts], side="left")
    samples = np.searchsorted(subject, rows_subject[starts], side="right") - first
    beyond = spec.steps * subject.size * len(spec.channels)
    for rank in range(int(samples.max())):
        sample = np.where(rank < samples, first + rank, 0)
        until = np.where(rank < samples, prediction[sample], _LONG_AGO)
        age = np.repeat(until, lengths)
        age -= time
        inside = (age >= 0) & (age < step_us(spec) * spec.steps)
        stay = np.repeat(sample, lengths)
        for channel in channels:
            counts = inside & _feeds(channel, value, spec)
            cell = cells(stay, age, channel, spec, subject.size)
            np.copyto(cell, beyond, where=~counts)
            yield cell, age, np.where(counts, value, np.float32(0))


def _feeds(channel: Ints, value: Floats, spec: SeriesSpec) -> Bools:
    """Whether a row feeds a channel and lies in its range; values that are no numbers stay, to be refused later."""
    low = np.array([*(-np.inf if c.low is None else c.low for c in spec.channels), np.inf], np.float32)
    high = np.array([*(np.inf if c.high is None else c.high for c in spec.channels), -np.inf], np.float32)
    inside = (value >= low[channel]) & (value <= high[channel])  # channel -1 reads the last, empty range
    finite = np.isfinite(value)
    return inside if finite.all() else inside | (~finite & (channel >= 0))
