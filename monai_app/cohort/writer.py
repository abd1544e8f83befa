"""Writing a cohort: one function that every source calls, so that every cohort has the same shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl
import pyarrow as pa
from meds import CodeMetadataSchema, DataSchema, LabelSchema, SubjectSplitSchema

from monai_app.cohort.content_rules import check_label, check_notes, check_splits, is_number
from monai_app.cohort.spec import CohortRecord, TaskKind, TaskSpec
from monai_app.cohort.store import EVENT_COLUMNS, IMAGE_COLUMNS
from monai_app.core.atomic import atomic_directory, sha256_file, write_bytes, write_json
from monai_app.core.errors import InputRejected
from monai_app.core.tables import write_parquet

_LABEL_VALUES = {"boolean_value": pl.Boolean, "float_value": pl.Float32, "categorical_value": pl.String}


@dataclass
class CohortContent:
    """What a source hands over.

    Attributes:
        record: cohort.json without its hashes.
        events: subject_id, time, code, numeric_value and, where there are any, text_value and censored.
        codes: code, description, unit (UCUM; null where unknown or without a number).
        splits: subject_id, split (train, tuning, held_out).
        labels: per task and label column: subject_id, prediction_time, value.
        images: the columns of IMAGE_COLUMNS except sha256; ``path`` relative to the image root.
        image_files: image content by relative path, written below ``images/`` (leave empty for images read in place).
        companions: further files by path relative to the cohort, such as masks or the truth of a simulation; written
            after the images, a frame as parquet. Models never read them.
    """

    record: CohortRecord
    events: pl.DataFrame
    codes: pl.DataFrame
    splits: pl.DataFrame
    labels: Mapping[str, Mapping[str, pl.DataFrame]]
    images: pl.DataFrame | None = None
    image_files: Mapping[str, bytes | Path] = field(default_factory=dict)
    companions: Mapping[str, bytes | pl.DataFrame] = field(default_factory=dict)


def write_cohort(out: str | Path, content: CohortContent, *, force: bool = False) -> CohortRecord:
    """Write a cohort directory atomically and return its record with hashes.

    Raises:
        InputRejected: ``OUTPUT_EXISTS``, ``EMPTY_COHORT``, ``SUBJECT_IN_TWO_SPLITS``, ``SPLIT_UNKNOWN``,
            ``NOTE_TOO_LONG``, ``LABEL_OUTSIDE_SET``, ``PATH_ESCAPES``, ``IMAGE_MISSING``.
    """
    if content.splits.is_empty() or content.events.is_empty():
        raise InputRejected("EMPTY_COHORT", "the source gave no patients or no events", remedy="Check --from.")
    check_splits(content.splits)
    check_notes(content.events, content.record.modalities)
    with atomic_directory(out, force=force) as root:
        write_parquet(root / "data" / "0.parquet", _events(content.events))
        write_parquet(root / "metadata" / "codes.parquet", _codes(content))
        write_parquet(root / "metadata" / "subject_splits.parquet", _splits(content.splits))
        for task in content.record.tasks:
            for column in task.columns:
                frame = _label(task, column, content.labels[task.name][column])
                write_parquet(root / "labels" / task.name / f"{column}.parquet", frame)
        _write_images(root, content)
        _write_companions(root, content.companions)
        version = content.record.provenance.source_version
        dataset = {"dataset_name": content.record.name, "dataset_version": version, "meds_version": "0.4"}
        write_json(root / "metadata" / "dataset.json", dataset)
        hashes = {path.relative_to(root).as_posix(): sha256_file(path) for path in sorted(root.rglob("*.parquet"))}
        record = content.record.model_copy(update={"sha256": hashes})
        write_json(root / "cohort.json", record.model_dump(mode="json"))
    return record


def _arrow(frame: pl.DataFrame) -> pa.Table:
    """Arrow without polars' large/view string types, as the MEDS schemas want it."""
    table = frame.to_arrow()
    fields = [
        pa.field(f.name, pa.string() if f.type in (pa.large_string(), pa.string_view()) else f.type)
        for f in table.schema
    ]
    return table.cast(pa.schema(fields))


def _events(events: pl.DataFrame) -> pa.Table:
    missing = [pl.lit(None, dtype).alias(name) for name, dtype in EVENT_COLUMNS.items() if name not in events.columns]
    whole = events.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in EVENT_COLUMNS.items())
    order = ["subject_id", "time", "code", "numeric_value", "text_value"]
    return DataSchema.align(_arrow(whole.sort(order, nulls_last=False)))


def _splits(splits: pl.DataFrame) -> pa.Table:
    plain = splits.select(pl.col("subject_id").cast(pl.Int64), pl.col("split").cast(pl.String))
    return SubjectSplitSchema.align(_arrow(plain.sort("subject_id")))


def _codes(content: CohortContent) -> pa.Table:
    used = content.events.select("code").unique().sort("code")
    codes = used.join(content.codes.unique(subset="code"), on="code", how="left")
    for name in ("description", "unit"):
        if name not in codes.columns:
            codes = codes.with_columns(pl.lit(None, pl.String).alias(name))
    table = _arrow(codes.select("code", "description", "unit"))
    return CodeMetadataSchema.align(table)


def _label(task: TaskSpec, column: str, frame: pl.DataFrame) -> pa.Table:
    check_label(task, column, frame["value"])
    target = "float_value" if is_number(task, column) else "boolean_value"
    if task.kind is TaskKind.MULTICLASS:
        target = "categorical_value"
    values = [pl.col("value").cast(_LABEL_VALUES[target]).alias(target)]
    keys = [pl.col("subject_id").cast(pl.Int64), pl.col("prediction_time").cast(pl.Datetime("us"))]
    known = frame.filter(pl.col("value").is_not_null()).select(*keys, *values)
    return LabelSchema.align(_arrow(known.sort("subject_id", "prediction_time")))


def _write_images(root: Path, content: CohortContent) -> None:
    schema = {name: dtype for name, dtype in IMAGE_COLUMNS.items() if name != "sha256"}
    images = pl.DataFrame(schema=schema) if content.images is None else content.images
    base = (root / content.record.image_root).resolve()
    hashes: dict[str, str] = {}
    for relative in images["path"].to_list():
        target = (base / relative).resolve()
        if not target.is_relative_to(base):
            raise InputRejected(
                "PATH_ESCAPES", "an image path leaves the cohort", expected="paths below the image root"
            )
        if relative in content.image_files:
            given = content.image_files[relative]
            hashes[relative] = write_bytes(target, given.read_bytes() if isinstance(given, Path) else given)
        elif target.is_file():
            hashes[relative] = sha256_file(target)
        else:
            raise InputRejected(
                "IMAGE_MISSING",
                "an indexed image does not exist",
                expected="every indexed image",
                remedy="Check --from.",
            )
    digest = pl.col("path").replace_strict(hashes, default=None, return_dtype=pl.String).alias("sha256")
    typed = images.with_columns(digest).select(pl.col(name).cast(dtype) for name, dtype in IMAGE_COLUMNS.items())
    write_parquet(root / "images.parquet", typed.sort("subject_id", "time", "path"))


def _write_companions(root: Path, companions: Mapping[str, bytes | pl.DataFrame]) -> None:
    for relative, given in companions.items():
        target = (root / relative).resolve()
        if not target.is_relative_to(root.resolve()) or target.exists():
            raise InputRejected(
                "PATH_ESCAPES", "a companion file leaves the cohort or hides a part of it", expected="a path of its own"
            )
        if isinstance(given, bytes):
            write_bytes(target, given)
        else:
            write_parquet(target, given)
