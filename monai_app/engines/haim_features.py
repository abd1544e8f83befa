"""The feature table of the HAIM-style baseline: series statistics, table, film and note embeddings side by side.

Soenksen et al., npj Digit Med 2022: every modality becomes numbers by itself, the numbers are concatenated, and
gradient-boosted trees read them. A modality that a sample lacks is NaN in all its columns, whatever its bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from monai_app.cohort.samples import visible_events
from monai_app.cohort.spec import ModelSpec, SeriesSpec, TableSpec
from monai_app.cohort.statistics import StatisticsTable, event_statistics, with_body
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.core.loading import load_weights, read_checked_bytes, save_weights, write_checked_text
from monai_app.engines.film_features import FilmFeatures, FilmStatistics
from monai_app.engines.note_terms import NoteTerms
from monai_app.engines.projection import NoteTopics, Projection

Item = Mapping[str, Any]
Floats = NDArray[np.float64]
_NOTES_NAME, _TERMS_NAME, _TENSORS_NAME = "notes.json", "terms.json", "projections.safetensors"
FILM_WIDTH = 32
"""Principal components kept of a film's features."""


class HaimFeatures:
    """What turns items into the feature table; fitted on train items only.

    Args:
        spec: modalities and tasks.
        film: projection of the film features, None without films.
        notes: topics of the notes, None without notes.
        terms: their terms; frequent phrases become columns. None without notes.
        film_features: how films become numbers.
    """

    def __init__(
        self,
        spec: ModelSpec,
        *,
        film: Projection | None,
        notes: NoteTopics | None,
        terms: NoteTerms | None = None,
        film_features: FilmFeatures | None = None,
    ) -> None:
        self.spec, self.film, self.notes, self.terms = spec, film, notes, terms
        self.film_features = FilmStatistics() if film_features is None else film_features

    @classmethod
    def fit(cls, items: Sequence[Item], spec: ModelSpec, *, film_features: FilmFeatures | None = None) -> HaimFeatures:
        """Fit the projections on the items of the train split that have the modality."""
        made = cls(spec, film=None, notes=None, film_features=film_features)
        films = [item["film"] for item in items if spec.modalities.film and item["film_present"]]
        if films:
            made.film = Projection.principal(made.film_features(films), FILM_WIDTH)
        texts = [item["note"] for item in items if spec.modalities.note and item["note_present"]]
        if texts:
            made.notes, made.terms = NoteTopics.fit(texts), NoteTerms.fit(texts)
        return made

    def __call__(self, items: Sequence[Item], cohort_dir: str | Path) -> StatisticsTable:
        """The feature table of these items.

        Args:
            items: of :func:`monai_app.cohort.items.split_items`.
            cohort_dir: the cohort they come from; its events are read at their exact times.
        """
        series, table = self.spec.modalities.series, self.spec.modalities.table
        blocks = []
        if series is not None:
            statistics = _series_statistics(items, cohort_dir, series)
            if table is not None:
                statistics = with_body(statistics, series, _known(items, table, "age"), _known(items, table, "weight"))
            blocks.append(_blanked(statistics, items, "series"))
        if table is not None:
            blocks.append(_blanked(_table_block(items, table), items, "table"))
        if self.film is not None:
            film, read = self.film, self.film_features
            blocks.append(_embedded(items, "film", film.width, lambda films: film(read(films))))
        if self.notes is not None:
            blocks.append(_embedded(items, "note", self.notes.projection.width, self.notes))
        if self.terms is not None and self.terms.phrases:
            block = _embedded(items, "note", len(self.terms.phrases), self.terms.indicators)
            blocks.append(StatisticsTable(block.values, tuple(f"{name}/phrase" for name in block.names)))
        if not blocks:
            raise InputRejected(
                "ALL_MODALITIES_MISSING", "no modality gives any feature", expected="at least one modality on train"
            )
        names = tuple(name for block in blocks for name in block.names)
        return StatisticsTable(np.concatenate([block.values for block in blocks], axis=1), names)

    def note_terms(self, items: Sequence[Item]) -> csr_matrix | None:
        """TF-IDF of the notes of these items (N, V), zero for an item without one; None when none were fitted."""
        return self.terms and self.terms([item["note"] if item["note_present"] else "" for item in items])

    def write(self, folder: str | Path) -> None:
        """Write the projections: safetensors, and the vocabulary as JSON, each with its SHA-256."""
        target = Path(folder)
        tensors: dict[str, torch.Tensor] = {}
        if self.film is not None:
            tensors |= self.film.tensors("film")
        if self.notes is not None:
            tensors |= self.notes.projection.tensors("note")
            write_checked_text(target / _NOTES_NAME, json.dumps(self.notes.as_dict(), sort_keys=True))
        if self.terms is not None:
            write_checked_text(target / _TERMS_NAME, json.dumps(self.terms.as_dict(), sort_keys=True))
        if tensors:
            save_weights(target / _TENSORS_NAME, tensors)

    @classmethod
    def read(cls, folder: str | Path, spec: ModelSpec, *, film_features: FilmFeatures | None = None) -> HaimFeatures:
        """What :meth:`write` wrote.

        Raises:
            InputRejected: as :func:`monai_app.core.loading.read_checked_bytes`.
        """
        source = Path(folder)
        tensors = load_weights(source / _TENSORS_NAME) if (source / _TENSORS_NAME).is_file() else {}
        film = Projection.from_tensors(tensors, "film") if "film.mean" in tensors else None
        notes = None
        if "note.mean" in tensors:
            record = json.loads(read_checked_bytes(source / _NOTES_NAME))
            projection = Projection.from_tensors(tensors, "note")
            notes = NoteTopics(record["vocabulary"], np.array(record["idf"]), projection)
        terms = None
        if (source / _TERMS_NAME).is_file():
            terms = NoteTerms.from_dict(json.loads(read_checked_bytes(source / _TERMS_NAME)))
        return cls(spec, film=film, notes=notes, terms=terms, film_features=film_features)


def _series_statistics(items: Sequence[Item], cohort_dir: str | Path, series: SeriesSpec) -> StatisticsTable:
    samples = pl.DataFrame(
        {
            "sample": np.arange(len(items)),
            "subject_id": np.array([item["subject_id"] for item in items], dtype=np.int64),
            "prediction_time": np.array([item["prediction_time"] for item in items], dtype=np.int64),
        }
    ).with_columns(pl.col("prediction_time").cast(pl.Datetime("us")))
    return event_statistics(visible_events(Cohort(cohort_dir), samples), series, len(items))


def _known(items: Sequence[Item], table: TableSpec, name: str) -> Floats:
    """A numeric field of the table in its usual unit (age in years, weight in kg), (N,); NaN where there is none."""
    unit = {"age": "a", "weight": "kg"}[name]
    if not any(field.name == name and field.unit == unit for field in table.fields):
        return np.full(len(items), np.nan)
    column = table.columns.index(name)
    return np.array([item["table"][0, column] if item["table_present"] else np.nan for item in items], dtype=float)


def _table_block(items: Sequence[Item], table: TableSpec) -> StatisticsTable:
    names = [f"table/{name}" for name in table.columns]
    values = np.stack([np.concatenate(np.asarray(item["table"])) for item in items])
    return StatisticsTable(values.astype(np.float32), tuple(names + [f"{name}/censored" for name in names]))


def _embedded(
    items: Sequence[Item], modality: str, width: int, embed: Callable[[list[str]], Floats]
) -> StatisticsTable:
    """Embed the items that have the modality; the others are NaN."""
    there = [index for index, item in enumerate(items) if item[f"{modality}_present"]]
    values = np.full((len(items), width), np.nan, np.float32)
    if there:
        values[there] = embed([items[index][modality] for index in there])
    return StatisticsTable(values, tuple(f"{modality}/{index:02d}" for index in range(width)))


def _blanked(block: StatisticsTable, items: Sequence[Item], modality: str) -> StatisticsTable:
    absent = np.array([not item[f"{modality}_present"] for item in items])
    values = block.values.copy()
    values[absent] = np.nan
    return StatisticsTable(values, block.names)
