"""What a cohort holds and what its models may see: modalities, tasks, provenance.

``configs/cohorts/<source>.yaml`` holds the modalities of a source; a built cohort carries its own copy in cohort.json.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from pydantic import Field

from monai_app.core.records import Record


class Modality(StrEnum):
    """The four modalities, in the order every presence vector ``(B, M)`` uses."""

    FILM = "film"
    SERIES = "series"
    TABLE = "table"
    NOTE = "note"


class TaskKind(StrEnum):
    """The kinds of prediction."""

    BINARY = "binary"
    MULTILABEL = "multilabel"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
    SURVIVAL = "survival"


class Channel(Record):
    """One channel of the time grid.

    Attributes:
        name: field term, e.g. ``heart_rate``.
        codes: event codes that feed it.
        unit: UCUM unit of the stored values.
        low: values below are implausible and dropped (None: no limit).
        high: values above are implausible and dropped.
        aggregate: how several values within one step become one.
    """

    name: str
    codes: tuple[str, ...]
    unit: str
    low: float | None = None
    high: float | None = None
    aggregate: Literal["mean", "last", "sum", "max"] = "mean"


class SeriesSpec(Record):
    """The time grid: the ``hours`` before the prediction time in steps of ``step_hours``."""

    hours: float = 48.0
    step_hours: float = 1.0
    channels: tuple[Channel, ...]

    @property
    def steps(self) -> int:
        """Number of steps T."""
        return round(self.hours / self.step_hours)


class TableField(Record):
    """One field of the table: the last value known at the prediction time (static facts count as known).

    A ``numeric`` field is one column; a ``categorical`` one is a column per category (``text_value`` is compared,
    or ``numeric_value`` written as an integer). ``hours`` limits how long before the prediction time a timed fact may
    lie (None: no limit; static facts always count).
    """

    name: str
    codes: tuple[str, ...]
    kind: Literal["numeric", "categorical"] = "numeric"
    unit: str = "1"
    low: float | None = None
    high: float | None = None
    categories: tuple[str, ...] = ()
    hours: float | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns this field expands to."""
        return (self.name,) if self.kind == "numeric" else tuple(f"{self.name}={value}" for value in self.categories)


class TableSpec(Record):
    """The fields of the table."""

    fields: tuple[TableField, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all F columns."""
        return tuple(column for field in self.fields for column in field.columns)


class NoteSpec(Record):
    """Which events' ``text_value`` are notes; they are joined in time order, each headed by its code's description.

    Attributes:
        max_tokens: how much of the joined text a network reads.
        hours: how long before the prediction time a note may lie (None: no limit).
        max_characters: a single longer note is refused: it is a dump, not a note.
        headings: what heads a note of each code; a model carries those of the cohort that it was trained on, so that
            a note reads the same wherever it comes from. Codes that are not named have the cohort's description.
    """

    codes: tuple[str, ...]
    max_tokens: int = 256
    hours: float | None = None
    max_characters: int = 1_000_000
    headings: dict[str, str] = Field(default_factory=dict)


class FilmSpec(Record):
    """Which images are films; the latest one before the prediction time is taken.

    Attributes:
        modalities: DICOM modalities (DX, CR).
        views: accepted views (AP, PA, ...); empty accepts every frontal or unknown view.
        hours: how long before the prediction time a film may lie (None: no limit).
        size_px: side of the square the network sees.
    """

    modalities: tuple[str, ...] = ("DX", "CR")
    views: tuple[str, ...] = ()
    hours: float | None = None
    size_px: int = 224


class ModalitySpec(Record):
    """The modalities of a cohort; an absent key means the cohort has none of it."""

    film: FilmSpec | None = None
    series: SeriesSpec | None = None
    table: TableSpec | None = None
    note: NoteSpec | None = None

    @property
    def names(self) -> tuple[Modality, ...]:
        """The modalities there are, in the order of :class:`Modality`."""
        return tuple(modality for modality in Modality if getattr(self, modality.value) is not None)


class TaskSpec(Record):
    """One prediction task.

    Labels lie in ``labels/<name>/<column>.parquet``, each a MEDS label table. Columns: binary, multiclass and
    regression ``("value",)``; multilabel one a class; survival ``("time", "event")``. A missing row is unlabelled.

    Attributes:
        classes: class names (multilabel: the columns; multiclass: the values of ``categorical_value``).
        unit: UCUM unit of a regression target or of a survival time.
        bin_edges: upper edges of the discrete survival intervals, ascending, in ``unit``.
    """

    name: str
    kind: TaskKind
    description: str = ""
    classes: tuple[str, ...] = ()
    unit: str = "1"
    bin_edges: tuple[float, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The label files of this task."""
        if self.kind is TaskKind.MULTILABEL:
            return self.classes
        return ("time", "event") if self.kind is TaskKind.SURVIVAL else ("value",)

    @property
    def outputs(self) -> int:
        """Number of network outputs K."""
        if self.kind in (TaskKind.MULTILABEL, TaskKind.MULTICLASS):
            return len(self.classes)
        return len(self.bin_edges) if self.kind is TaskKind.SURVIVAL else 1


class Provenance(Record):
    """Where a cohort came from and on what terms.

    Attributes:
        source_sha256: hash of each source file by its name within the source.
        changes: what the ingest did to the values (units converted, censoring, dropped columns).
        never_inputs: columns of the source that are outcomes and were kept out of the events.
        image_terms: licence and origin of each image by its path, where a source has them image by image.
    """

    source: str
    source_version: str
    licence: str
    terms: str = ""
    attribution: str = ""
    source_sha256: dict[str, str] = Field(default_factory=dict)
    changes: tuple[str, ...] = ()
    never_inputs: tuple[str, ...] = ()
    image_terms: dict[str, str] = Field(default_factory=dict)


class CohortRecord(Record):
    """The content of cohort.json.

    Attributes:
        image_root: folder that the paths of images.parquet are relative to; relative to the cohort unless absolute.
        groups: event codes of the attributes results are broken down by (``sex``, ``age_years``, ``site``).
        sha256: hash of every parquet file of the cohort by its relative path.
    """

    format: Literal["monai-app-cohort-1"] = "monai-app-cohort-1"
    name: str
    provenance: Provenance
    modalities: ModalitySpec
    tasks: tuple[TaskSpec, ...]
    image_root: str = "images"
    groups: dict[str, str] = Field(default_factory=dict)
    sha256: dict[str, str] = Field(default_factory=dict)


class ModelSpec(Record):
    """What a network is built for; stored beside its weights so that inference needs no cohort."""

    modalities: ModalitySpec
    tasks: tuple[TaskSpec, ...]
