"""Samples as plain dictionaries of NumPy arrays: what a network's transforms start from, cut at the prediction time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from monai_app.cohort.films import latest_films
from monai_app.cohort.labels import group_values, label_values, labelled_tasks
from monai_app.cohort.notes import note_texts
from monai_app.cohort.samples import sample_table, visible_events, visible_images
from monai_app.cohort.spec import FilmSpec, ModelSpec, SeriesSpec, TableSpec
from monai_app.cohort.store import Cohort
from monai_app.cohort.table import check_table_units, table_present, table_values
from monai_app.cohort.timegrid import TimeGrid, check_units, time_grid

Columns = dict[str, list[Any]]


def split_items(cohort: Cohort | str | Path, split: str | None, spec: ModelSpec) -> list[dict[str, Any]]:
    """One dictionary a sample, sorted by subject and prediction time.

    Keys: ``subject_id`` int, ``prediction_time`` int (microseconds since 1970), ``sample`` int;
    ``series`` float32 (3, T, C) of [values forward-filled in raw units, NaN before the first; mask; hours since the
    last value]; ``table`` float32 (2, F) of [value, NaN unknown; censored flag]; ``note`` str; ``film`` absolute path
    and ``film_view``; ``<modality>_present`` bool for each modality of the spec; ``label_<task>`` float32, NaN
    unlabelled; ``group_<name>`` str or float. The content of an absent modality means nothing.

    A sample is taken when any of the spec's tasks labels it; a cohort that has none of those tasks (another site, for
    prediction) gives all its samples, unlabelled.

    Args:
        cohort: an opened cohort or its directory.
        split: ``train``, ``tuning``, ``held_out``; None takes all.
        spec: modalities and tasks of the model.

    Raises:
        InputRejected: ``EMPTY_COHORT``, ``SUBJECT_IN_TWO_SPLITS``, ``UNIT_MISMATCH``, ``TASK_MISMATCH``,
            ``LABEL_OUTSIDE_SET``, ``NOT_FINITE``, ``NOTE_TOO_LONG``, ``PATH_ESCAPES``.
    """
    opened = cohort if isinstance(cohort, Cohort) else Cohort(cohort)
    names = labelled_tasks(opened, spec.tasks)
    samples = sample_table(opened, split=split, tasks=names or None)
    events = visible_events(opened, samples)
    columns: Columns = {
        "subject_id": samples["subject_id"].to_list(),
        "prediction_time": samples["prediction_time"].cast(pl.Datetime("us")).to_physical().to_list(),
        "sample": samples["sample"].to_list(),
    }
    columns |= _modality_columns(opened, spec, samples, events)
    columns |= {f"label_{task.name}": list(label_values(opened, task, samples)) for task in spec.tasks}
    groups = group_values(events, opened.record.groups, samples.height)
    columns |= {f"group_{name}": list(values) for name, values in groups.items()}
    keys = tuple(columns)
    return [dict(zip(keys, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _modality_columns(opened: Cohort, spec: ModelSpec, samples: pl.DataFrame, events: pl.LazyFrame) -> Columns:
    modalities, n_samples = spec.modalities, samples.height
    columns: Columns = {}
    if modalities.film is not None:
        columns |= _film_columns(opened, modalities.film, samples)
    if modalities.series is not None:
        columns |= _series_columns(opened, modalities.series, events, n_samples)
    if modalities.table is not None:
        columns |= _table_columns(opened, modalities.table, events, n_samples)
    if modalities.note is not None:
        texts = note_texts(events, opened.codes(), modalities.note, n_samples)
        columns |= {"note": texts, "note_present": [text != "" for text in texts]}
    return columns


def _film_columns(opened: Cohort, spec: FilmSpec, samples: pl.DataFrame) -> Columns:
    paths, views = [""] * samples.height, [""] * samples.height
    for sample, relative, view in latest_films(visible_images(opened, samples), spec).iter_rows():
        paths[sample], views[sample] = str(opened.image_path(relative)), view
    present: list[Any] = [path != "" for path in paths]
    return {"film": paths, "film_present": present, "film_view": views}


def _series_columns(opened: Cohort, spec: SeriesSpec, events: pl.LazyFrame, n_samples: int) -> Columns:
    check_units(opened.codes(), spec)
    grid: TimeGrid = time_grid(events, spec, n_samples)
    series = np.empty((n_samples, 3, *grid.values.shape[1:]), np.float32)
    series[:, 0], series[:, 1], series[:, 2] = grid.values, grid.mask, grid.hours_since
    present: list[Any] = np.any(grid.mask, axis=(1, 2)).tolist()
    return {"series": list(series), "series_present": present}


def _table_columns(opened: Cohort, spec: TableSpec, events: pl.LazyFrame, n_samples: int) -> Columns:
    check_table_units(opened.codes(), spec)
    table = table_values(events, spec, n_samples)
    return {"table": list(table), "table_present": table_present(table).tolist()}
