"""A cohort directory on disk, read lazily.

Layout: cohort.json; data/*.parquet (MEDS events); metadata/{codes,subject_splits}.parquet, metadata/dataset.json;
labels/<task>/<column>.parquet (MEDS labels); images.parquet and the image files below ``image_root``.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import polars as pl

from monai_app.cohort.spec import CohortRecord, Modality, ModelSpec, NoteSpec, TaskKind, TaskSpec
from monai_app.core.errors import InputRejected

T = TypeVar("T")

EVENT_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "subject_id": pl.Int64,
    "time": pl.Datetime("us"),
    "code": pl.String,
    "numeric_value": pl.Float32,
    "text_value": pl.String,
    "censored": pl.Int8,
}
"""MEDS DataSchema plus ``censored``: -1 below a detection limit, +1 above one, 0 or null measured."""

IMAGE_COLUMNS: dict[str, pl.DataType | type[pl.DataType]] = {
    "subject_id": pl.Int64,
    "time": pl.Datetime("us"),
    "path": pl.String,
    "modality": pl.String,
    "view": pl.String,
    "sha256": pl.String,
}

LABEL_COLUMN = {
    TaskKind.BINARY: "boolean_value",
    TaskKind.MULTILABEL: "boolean_value",
    TaskKind.MULTICLASS: "categorical_value",
    TaskKind.REGRESSION: "float_value",
}


class Cohort:
    """An opened cohort directory.

    Raises:
        InputRejected: ``COHORT_MISSING`` or ``COHORT_INCOMPLETE`` naming the part; ``RECORD_INVALID``.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / "cohort.json").is_file():
            raise InputRejected(
                "COHORT_MISSING",
                "the directory is not a cohort",
                expected="a directory with cohort.json",
                remedy="Make one with `monai-app cohort build` or `monai-app cohort phantom`.",
            )
        self.record = CohortRecord.read(self.path / "cohort.json")
        for part in ("data", "metadata/codes.parquet", "metadata/subject_splits.parquet", "images.parquet"):
            if not (self.path / part).exists():
                raise InputRejected(
                    "COHORT_INCOMPLETE",
                    f"the cohort has no {part}",
                    expected="the whole directory as it was built",
                    remedy="Build the cohort again.",
                )

    @property
    def tasks(self) -> dict[str, TaskSpec]:
        """The tasks by name."""
        return {task.name: task for task in self.record.tasks}

    def model_spec(self, tasks: list[str] | None = None, modalities: list[str] | None = None) -> ModelSpec:
        """What a network for this cohort is built for; None takes every task and every modality.

        Raises:
            InputRejected: ``TASK_UNKNOWN`` or ``MODALITY_UNKNOWN``.
        """
        names = list(self.tasks) if tasks is None else list(tasks)
        if unknown := [name for name in names if name not in self.tasks]:
            raise InputRejected("TASK_UNKNOWN", "the cohort has no such task", got=unknown, expected=list(self.tasks))
        available = [modality.value for modality in self.record.modalities.names]
        if unknown := [name for name in modalities or [] if name not in available]:
            raise InputRejected("MODALITY_UNKNOWN", "the cohort has no such modality", got=unknown, expected=available)
        kept = {
            name: getattr(self.record.modalities, name)
            for name in available
            if modalities is None or name in modalities
        }
        if Modality.NOTE.value in kept:
            kept[Modality.NOTE.value] = self._headed(kept[Modality.NOTE.value])
        return ModelSpec(
            modalities=type(self.record.modalities)(**kept), tasks=tuple(self.tasks[name] for name in names)
        )

    def _headed(self, note: NoteSpec) -> NoteSpec:
        """The spec of notes with the headings that this cohort gives them."""
        described = dict(self.codes().select("code", "description").drop_nulls().iter_rows())
        headings = {code: described[code] for code in note.codes if code in described}
        return note.model_copy(update={"headings": {**headings, **note.headings}})

    def events(self) -> pl.LazyFrame:
        """All events, lazily. Models never read this: they read :func:`monai_app.cohort.samples.visible_events`."""
        lazy = pl.scan_parquet(self.path / "data" / "*.parquet")
        _readable(lazy.collect_schema, "data")
        return lazy

    def codes(self) -> pl.DataFrame:
        """The code table: code, description, parent_codes, unit (UCUM)."""
        return self._read("metadata/codes.parquet")

    def splits(self) -> pl.DataFrame:
        """subject_id, split."""
        return self._read("metadata/subject_splits.parquet")

    def images(self) -> pl.DataFrame:
        """The image index."""
        return self._read("images.parquet")

    def _read(self, part: str) -> pl.DataFrame:
        return _readable(lambda: pl.read_parquet(self.path / part), part)

    def image_path(self, relative: str) -> Path:
        """The absolute path of an indexed image.

        Raises:
            InputRejected: ``PATH_ESCAPES`` when it would leave the image root.
        """
        root = (self.path / self.record.image_root).resolve()
        path = (root / relative).resolve()
        if not path.is_relative_to(root):
            raise InputRejected(
                "PATH_ESCAPES",
                "an image path leaves the cohort",
                expected="paths below the image root",
                remedy="Rebuild the image index; the file was not opened.",
            )
        return path

    def labels(self, task: str) -> pl.DataFrame:
        """subject_id, prediction_time and one column per label column of the task; unlabelled is null.

        Raises:
            InputRejected: ``COHORT_INCOMPLETE``; ``LABEL_OUTSIDE_SET`` for a value that is no class of the task.
        """
        spec = self.tasks[task]
        frames = []
        for column in spec.columns:
            value = (
                ("boolean_value" if column == "event" else "float_value")
                if spec.kind is TaskKind.SURVIVAL
                else LABEL_COLUMN[spec.kind]
            )
            frame = self._read(f"labels/{task}/{column}.parquet")
            frames.append(frame.select("subject_id", "prediction_time", pl.col(value).alias(column)))
        joined = frames[0]
        for frame in frames[1:]:
            joined = joined.join(frame, on=["subject_id", "prediction_time"], how="full", coalesce=True)
        if spec.kind is TaskKind.MULTICLASS:
            outside = joined.filter(pl.col("value").is_not_null() & ~pl.col("value").is_in(list(spec.classes))).height
            if outside:
                raise InputRejected(
                    "LABEL_OUTSIDE_SET",
                    f"task {task} has labels outside its classes",
                    got=f"{outside} rows",
                    expected=list(spec.classes),
                )
        return joined.sort("subject_id", "prediction_time")


def _readable(read: Callable[[], T], part: str) -> T:
    try:
        return read()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise InputRejected(
            "COHORT_INCOMPLETE",
            f"the cohort's {part} cannot be read",
            got=type(error).__name__,
            expected="the whole directory as it was built",
            remedy="Build the cohort again.",
        ) from None


def cohort_spec(cohort: str | Path, tasks: list[str] | None = None, modalities: list[str] | None = None) -> ModelSpec:
    """The model spec of a cohort directory, for configurations: :meth:`Cohort.model_spec` as one function."""
    return Cohort(cohort).model_spec(tasks, modalities)
