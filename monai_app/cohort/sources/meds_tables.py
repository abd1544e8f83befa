"""The tables of a MEDS dataset (PyPI ``meds`` 0.4) as the cohort needs them; https://medical-event-data-standard.github.io."""

from __future__ import annotations

from pathlib import Path

import polars as pl
from meds import code_metadata_filepath, data_subdirectory, subject_splits_filepath

from monai_app.cohort.sources.source_files import check_columns, collected
from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.cohort.store import EVENT_COLUMNS
from monai_app.core.errors import InputRejected

_LABEL_COLUMNS = {
    TaskKind.BINARY: ("boolean_value",),
    TaskKind.MULTILABEL: ("boolean_value",),
    TaskKind.MULTICLASS: ("categorical_value",),
    TaskKind.REGRESSION: ("float_value", "integer_value"),
}
_TIME = pl.Datetime("us")


def scan_events(root: Path) -> pl.LazyFrame:
    """All shards of ``data/`` as the event columns of a cohort; what MEDS does not have (``censored``) is null.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``TABLE_UNREADABLE``.
    """
    shards = sorted((root / data_subdirectory).rglob("*.parquet"))
    if not shards:
        raise InputRejected(
            "SOURCE_INCOMPLETE", "the MEDS dataset has no data", expected=f"{data_subdirectory}/**/*.parquet"
        )
    return pl.concat(
        [_typed(pl.scan_parquet(shard), EVENT_COLUMNS, ("subject_id", "time", "code")) for shard in shards]
    )


def read_codes(root: Path) -> pl.DataFrame:
    """code, description, unit; unit is null where the dataset does not state any."""
    path = root / code_metadata_filepath
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "code": pl.String,
        "description": pl.String,
        "unit": pl.String,
    }
    if not path.is_file():
        return pl.DataFrame(schema=schema)
    return collected(_typed(pl.scan_parquet(path), schema, ("code",)), table="codes.parquet").unique("code")


def read_splits(root: Path) -> pl.DataFrame | None:
    """subject_id, split; None where the dataset has none."""
    path = root / subject_splits_filepath
    schema: dict[str, pl.DataType | type[pl.DataType]] = {"subject_id": pl.Int64, "split": pl.String}
    if not path.is_file():
        return None
    return collected(_typed(pl.scan_parquet(path), schema, tuple(schema)), table="subject_splits.parquet").unique()


def read_labels(root: Path, task: TaskSpec) -> dict[str, pl.DataFrame]:
    """subject_id, prediction_time, value per label column of a task.

    Looked for in ``labels/<task>/<column>.parquet`` and, for a task of one column, in every parquet file of
    ``labels/<task>/`` or in ``labels/<task>.parquet``.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``TABLE_UNREADABLE``.
    """
    return {column: _label_column(root / "labels", task, column) for column in task.columns}


def read_image_index(path: Path) -> pl.DataFrame:
    """subject_id, time, path, modality, view from parquet or CSV.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``VALUE_INVALID``.
    """
    if not path.is_file():
        raise InputRejected("SOURCE_INCOMPLETE", "the image index was not found", expected="a parquet or CSV file")
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "subject_id": pl.Int64,
        "time": _TIME,
        "path": pl.String,
        "modality": pl.String,
        "view": pl.String,
    }
    scan = pl.scan_csv(path, try_parse_dates=True) if path.suffix == ".csv" else pl.scan_parquet(path)
    index = collected(_typed(scan, schema, ("subject_id", "time", "path", "modality")), table="the image index")
    empty = index.filter(pl.any_horizontal(pl.col("subject_id", "time", "path", "modality").is_null())).height
    if empty:
        raise InputRejected("VALUE_INVALID", "the image index has empty fields", got=f"{empty} rows", expected="none")
    return index.with_columns(pl.col("view").fill_null(""))


def _label_column(folder: Path, task: TaskSpec, column: str) -> pl.DataFrame:
    files = [folder / task.name / f"{column}.parquet"]
    if not files[0].is_file() and len(task.columns) == 1:
        alone = folder / f"{task.name}.parquet"
        files = [alone] if alone.is_file() else sorted((folder / task.name).rglob("*.parquet"))
    if not files or not files[0].is_file():
        raise InputRejected(
            "SOURCE_INCOMPLETE",
            f"labels of task {task.name} were not found",
            expected=f"labels/{task.name}/{column}.parquet",
        )
    survival = ("boolean_value",) if column == "event" else ("float_value", "integer_value")
    accepted = survival if task.kind is TaskKind.SURVIVAL else _LABEL_COLUMNS[task.kind]
    return pl.concat([_label_file(path, accepted) for path in files])


def _label_file(path: Path, accepted: tuple[str, ...]) -> pl.DataFrame:
    lazy = pl.scan_parquet(path)
    names = _names(lazy, "a label table")
    check_columns(names, ("subject_id", "prediction_time"), table="a label table")
    present = [name for name in accepted if name in names]
    check_columns(names, present or accepted[:1], table="a label table")
    dtype = {"boolean_value": pl.Boolean, "categorical_value": pl.String}.get(accepted[0], pl.Float64)
    value = pl.coalesce(pl.col(name).cast(dtype) for name in present).alias("value")
    keys = (pl.col("subject_id").cast(pl.Int64), pl.col("prediction_time").cast(_TIME))
    return collected(lazy.select(*keys, value), table="a label table")


def _typed(
    lazy: pl.LazyFrame, schema: dict[str, pl.DataType | type[pl.DataType]], required: tuple[str, ...]
) -> pl.LazyFrame:
    """The columns of the schema in its types; absent ones that are not required are null."""
    names = _names(lazy, "a table")
    check_columns(names, required, table="a table")
    present = [pl.col(name).cast(dtype) for name, dtype in schema.items() if name in names]
    absent = [pl.lit(None, dtype).alias(name) for name, dtype in schema.items() if name not in names]
    return lazy.select(*present, *absent).select(list(schema))


def _names(lazy: pl.LazyFrame, table: str) -> list[str]:
    try:
        return lazy.collect_schema().names()
    except pl.exceptions.PolarsError as error:
        raise InputRejected(
            "TABLE_UNREADABLE", f"{table} is damaged or no table", got=type(error).__name__, expected="parquet"
        ) from None
