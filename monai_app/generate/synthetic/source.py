"""The train split of a cohort as records: one patient a row, at the last labelled time, and how things are written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monai_app.cohort.facts import within_hours
from monai_app.cohort.films import accepted_view
from monai_app.cohort.items import split_items
from monai_app.cohort.labels import labelled_tasks
from monai_app.cohort.samples import sample_table, visible_events, visible_images
from monai_app.cohort.spec import CohortRecord, TaskKind
from monai_app.cohort.store import Cohort
from monai_app.generate.synthetic.columns import YEARS, Columns, cohort_columns, label_keys, other_groups
from monai_app.generate.synthetic.copula import Table
from monai_app.generate.synthetic.marginal import FEWEST, Floats
from monai_app.generate.synthetic.summaries import ChannelHabit, channel_events, channel_habits, summarise

_KNOTS = 101


@dataclass(frozen=True)
class Source:
    """What is known of a split.

    Attributes:
        columns: of the records.
        values: (N, D), NaN unknown.
        notes: of each record, "" without one.
        habits: of each channel.
        film_ages: hours before the prediction time that films are taken, quantiles.
        note_ages: of notes, likewise.
    """

    columns: Columns
    values: Floats
    notes: tuple[str, ...]
    habits: tuple[ChannelHabit, ...]
    film_ages: Floats
    note_ages: Floats

    def table(self) -> Table:
        """The records as the copula takes them."""
        always = [key.startswith("series/") and not key.endswith(".count") for key in self.columns.keys]
        return Table(self.columns.keys, self.values, self.columns.groups_of_columns(), np.array(always, np.bool_))


def read_source(cohort: Cohort, split: str, columns: Columns | None = None) -> Source:
    """Read a split.

    Args:
        columns: of another split of the cohort, to give the same ones; None finds them, which categories of groups at
            least 5 patients have.

    Raises:
        InputRejected: as :func:`monai_app.cohort.items.split_items`.
    """
    record, spec = cohort.record, cohort.model_spec()
    items = split_items(cohort, split, spec)
    kept = list({item["subject_id"]: place for place, item in enumerate(items)}.values())
    if columns is None:
        columns = cohort_columns(record, _categories(record, [items[place] for place in kept]))
    parts = [_item_values(items[place], record, columns) for place in kept]
    samples = sample_table(cohort, split=split, tasks=labelled_tasks(cohort, spec.tasks) or None)
    events = visible_events(cohort, samples)
    values = np.array(parts).reshape(len(kept), -1)
    habits: tuple[ChannelHabit, ...] = ()
    if spec.modalities.series is not None:
        measured = channel_events(events, spec.modalities.series)
        summaries = summarise(measured, spec.modalities.series, len(items))[kept]
        before = sum(not key.startswith(("series/", "present/")) for key in columns.keys)
        values = np.concatenate([values[:, :before], summaries, values[:, before:]], axis=1)
        habits = channel_habits(measured, spec.modalities.series)
    return Source(
        columns,
        values,
        tuple(str(items[place].get("note", "")) for place in kept),
        habits,
        _ages(_films(cohort, samples)),
        _ages(_notes(events, record)),
    )


def _categories(record: CohortRecord, items: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Texts of the groups outside the table that at least 5 patients have; of a number, nothing."""
    found: dict[str, list[str]] = {}
    for name in other_groups(record):
        if name.endswith(YEARS):
            found[name] = []
            continue
        counts = Counter(item[f"group_{name}"] for item in items)
        kept = sorted(text for text, count in counts.items() if count >= FEWEST and text != "unknown")
        if kept:
            found[name] = kept
    return found


def _item_values(item: Mapping[str, Any], record: CohortRecord, columns: Columns) -> list[float]:
    """A record without its series: table, groups, labels, presence."""
    values: list[float] = []
    if record.modalities.table is not None:
        values += _table(item["table"][0], record)
    for name in columns.groups:
        group, _, category = name.partition("=")
        held = item[f"group_{group}"]
        known = held != "unknown" and f"{group}={held}" in columns.groups
        values.append(float(held) if not category else float(held == category) if known else np.nan)
    for task in record.tasks:
        label = item[f"label_{task.name}"]
        if task.kind is TaskKind.MULTICLASS:
            size = len(label_keys(task))
            values += [np.nan] * size if np.isnan(label[0]) else np.eye(size)[int(label[0])].tolist()
        else:
            values += [float(value) for value in label]
    return [*values, *(float(bool(item[f"{name}_present"])) for name in columns.present)]


def _table(known: NDArray[np.float32], record: CohortRecord) -> list[float]:
    """A table's columns; a category that the spec does not name is unknown."""
    assert record.modalities.table is not None
    values, start = known.astype(np.float64), 0
    for field in record.modalities.table.fields:
        stop = start + len(field.columns)
        if field.kind == "categorical" and not values[start:stop].any():
            values[start:stop] = np.nan
        start = stop
    return [float(value) for value in values]


def _films(cohort: Cohort, samples: pl.DataFrame) -> pl.DataFrame:
    film = cohort.record.modalities.film
    images = visible_images(cohort, samples)
    if film is None:
        return images.clear()
    accepted = pl.col("modality").is_in(list(film.modalities)) & accepted_view(pl.col("view"), film)
    return images.filter(accepted & within_hours(film.hours))


def _notes(events: pl.LazyFrame, record: CohortRecord) -> pl.DataFrame:
    note = record.modalities.note
    wanted = pl.col("code").is_in([] if note is None else list(note.codes)) & pl.col("time").is_not_null()
    return events.filter(wanted & within_hours(None if note is None else note.hours)).collect()


def _ages(rows: pl.DataFrame) -> Floats:
    """Quantiles of hours before the prediction time; 0 where there is nothing."""
    hours = (rows["prediction_time"] - rows["time"]).dt.total_microseconds().to_numpy() / 3.6e9
    return np.quantile(hours, np.linspace(0, 1, _KNOTS)) if hours.size else np.zeros(_KNOTS)


def binary_labels(columns: Columns, values: Floats) -> list[int]:
    """Columns of labels that are yes or no."""
    places = columns.places
    return [places[key] for key in _label_columns(columns) if np.isin(_known(values[:, places[key]]), (0, 1)).all()]


def _label_columns(columns: Columns) -> Iterable[str]:
    return (f"labels/{name}" for name in columns.labels)


def _known(column: Floats) -> Floats:
    return column[np.isfinite(column)]
