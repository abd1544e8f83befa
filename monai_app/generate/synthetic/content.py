"""Synthetic records as the content of a cohort: events, labels, splits; times of a calendar that nobody lived in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monai_app.cohort.spec import CohortRecord, TaskKind, TaskSpec
from monai_app.cohort.store import EVENT_COLUMNS
from monai_app.core.random import numpy_generator
from monai_app.generate.synthetic.columns import SUMMARIES, Columns, label_keys, other_groups
from monai_app.generate.synthetic.marginal import Floats
from monai_app.generate.synthetic.summaries import ChannelHabit, redraw

FIRST_DAY = datetime(2100, 1, 1)
_FIRST_SUBJECT = 10**12
_SPLIT_CYCLE = ("train",) * 14 + ("tuning",) * 3 + ("held_out",) * 3
"""70 / 15 / 15 of every 20 records."""


@dataclass(frozen=True)
class Written:
    """Synthetic records and how they are written.

    Attributes:
        columns: of the records.
        values: (N, D), NaN unknown.
        subjects: N numbers that no patient of the source has.
        habits: of each channel.
        film_ages: quantiles of hours before the prediction time.
        note_ages: likewise.
        write_note: the note of a record.
        seed: of what is drawn while writing.
    """

    columns: Columns
    values: Floats
    subjects: tuple[int, ...]
    habits: tuple[ChannelHabit, ...]
    film_ages: Floats
    note_ages: Floats
    write_note: Callable[[Floats, np.random.Generator], str]
    seed: int

    def value(self, number: int, key: str) -> float:
        """One value of a record; NaN where there is no such column."""
        place = self.columns.places.get(key)
        return float("nan") if place is None else float(self.values[number, place])


def free_subjects(count: int, taken: Collection[int]) -> tuple[int, ...]:
    """Numbers for new patients; none is taken."""
    first = _FIRST_SUBJECT
    while any(first <= subject < first + count for subject in taken):
        first += _FIRST_SUBJECT
    return tuple(range(first, first + count))


def prediction_time(seed: int, number: int) -> datetime:
    """A minute of the year 2100."""
    return FIRST_DAY + timedelta(
        days=10, minutes=int(numpy_generator("synthetic", seed, "time", number).integers(500_000))
    )


def film_time(written: Written, number: int) -> datetime:
    """When a record's film was taken."""
    generator = numpy_generator("synthetic", written.seed, "film time", number)
    return prediction_time(written.seed, number) - timedelta(hours=_age(written.film_ages, generator))


def has_film(written: Written, number: int) -> bool:
    """Whether a record has a film."""
    return written.value(number, "present/film") == 1.0


def events(written: Written, record: CohortRecord) -> pl.DataFrame:
    """All events."""
    rows: list[tuple[Any, ...]] = []
    for number in range(len(written.values)):
        rows += _facts(written, record, number)
        rows += _note(written, record, number)
        rows += _series(written, record, number)
    return pl.DataFrame(rows, schema=EVENT_COLUMNS, orient="row")


def _facts(written: Written, record: CohortRecord, number: int) -> list[tuple[Any, ...]]:
    """Table fields and groups as static events."""
    subject = written.subjects[number]
    rows: list[tuple[Any, ...]] = []
    for field in () if record.modalities.table is None else record.modalities.table.fields:
        if field.kind == "categorical":
            for category in field.categories:
                if written.value(number, f"table/{field.name}={category}") == 1.0:
                    rows.append((subject, None, field.codes[0], None, category, None))
        elif np.isfinite(value := written.value(number, f"table/{field.name}")):
            rows.append((subject, None, field.codes[0], value, None, None))
    for name in other_groups(record):
        code = record.groups[name]
        if np.isfinite(value := written.value(number, f"groups/{name}")):
            rows.append((subject, None, code, value, None, None))
        for member in written.columns.groups:
            group, _, category = member.partition("=")
            if group == name and category and written.value(number, f"groups/{member}") == 1.0:
                rows.append((subject, None, code, None, category, None))
    return rows


def _note(written: Written, record: CohortRecord, number: int) -> list[tuple[Any, ...]]:
    if record.modalities.note is None or written.value(number, "present/note") != 1.0:
        return []
    generator = numpy_generator("synthetic", written.seed, "note", number)
    taken = prediction_time(written.seed, number) - timedelta(hours=_age(written.note_ages, generator))
    text = written.write_note(written.values[number], generator)
    return [(written.subjects[number], taken, record.modalities.note.codes[0], None, text, None)]


def _series(written: Written, record: CohortRecord, number: int) -> list[tuple[Any, ...]]:
    spec = record.modalities.series
    if spec is None:
        return []
    generator = numpy_generator("synthetic", written.seed, "series", number)
    places, now = written.columns.places, prediction_time(written.seed, number)
    rows: list[tuple[Any, ...]] = []
    for channel, habit in zip(spec.channels, written.habits, strict=True):
        first = places[f"series/{channel.name}.{SUMMARIES[0]}"]
        summary = written.values[number, first : first + len(SUMMARIES)]
        ages, values = redraw(summary, habit, spec.hours, generator)
        times = [now - timedelta(minutes=round(age * 60)) for age in ages.tolist()]
        pairs = zip(times, values.tolist(), strict=True)
        rows += [(written.subjects[number], time, habit.code, value, None, None) for time, value in pairs]
    return rows


def labels(written: Written, record: CohortRecord) -> dict[str, dict[str, pl.DataFrame]]:
    """Labels of every task and column; unknown ones are null."""
    times = [prediction_time(written.seed, number) for number in range(len(written.values))]
    keys = pl.DataFrame(
        {"subject_id": list(written.subjects), "prediction_time": times},
        schema={"subject_id": pl.Int64, "prediction_time": pl.Datetime("us")},
    )
    return {
        task.name: {name: keys.with_columns(values) for name, values in _label_values(written, task).items()}
        for task in record.tasks
    }


def _label_values(written: Written, task: TaskSpec) -> Mapping[str, pl.Series]:
    """The ``value`` column of each label file of a task."""
    places = written.columns.places
    drawn = written.values[:, [places[f"labels/{key}"] for key in label_keys(task)]]
    if task.kind is TaskKind.MULTICLASS:
        chosen = [task.classes[int(row.argmax())] if np.isfinite(row).all() else None for row in drawn]
        return {"value": pl.Series("value", chosen, dtype=pl.String)}
    values = {}
    for name, column in zip(task.columns, drawn.T, strict=True):
        yes_no = task.kind in (TaskKind.BINARY, TaskKind.MULTILABEL) or name == "event"
        known = [(bool(v) if yes_no else float(v)) if np.isfinite(v) else None for v in column]
        values[name] = pl.Series("value", known, dtype=pl.Boolean if yes_no else pl.Float64)
    return values


def splits(subjects: Sequence[int], seed: int) -> pl.DataFrame:
    """subject_id, split: 70 / 15 / 15 of every 20 in random order."""
    rows: list[tuple[int, str]] = []
    for start in range(0, len(subjects), len(_SPLIT_CYCLE)):
        order: NDArray[np.int64] = numpy_generator("synthetic", seed, "split", start).permutation(len(_SPLIT_CYCLE))
        block = subjects[start : start + len(_SPLIT_CYCLE)]
        rows += [(subject, _SPLIT_CYCLE[int(place)]) for subject, place in zip(block, order, strict=False)]
    return pl.DataFrame(rows, schema={"subject_id": pl.Int64, "split": pl.String}, orient="row")


def _age(quantiles: Floats, generator: np.random.Generator) -> float:
    """Hours before the prediction time, whole minutes."""
    knots = np.linspace(0, 1, len(quantiles))
    return float(np.floor(np.interp(generator.random(), knots, quantiles) * 60) / 60)
