"""A small cohort with every modality and every task kind, and ways to spoil it."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import polars as pl
from PIL import Image

from monai_app.cohort.codes import code_table
from monai_app.cohort.spec import (
    Channel,
    CohortRecord,
    FilmSpec,
    ModalitySpec,
    NoteSpec,
    Provenance,
    SeriesSpec,
    TableField,
    TableSpec,
    TaskSpec,
)
from monai_app.cohort.writer import CohortContent

ADMISSION = datetime(2020, 1, 1)
PREDICTION = ADMISSION + timedelta(hours=6)
SPLIT = {1: "train", 2: "train", 3: "tuning", 4: "held_out"}
EVENT_SCHEMA = {
    "subject_id": pl.Int64,
    "time": pl.Datetime("us"),
    "code": pl.String,
    "numeric_value": pl.Float32,
    "text_value": pl.String,
    "censored": pl.Int8,
}
MODALITIES = ModalitySpec(
    film=FilmSpec(size_px=32),
    series=SeriesSpec(
        hours=6,
        channels=(
            Channel(name="heart_rate", codes=("HR",), unit="/min", low=20, high=250),
            Channel(name="urine", codes=("URINE",), unit="mL", aggregate="sum"),
        ),
    ),
    table=TableSpec(
        fields=(
            TableField(name="age", codes=("AGE",), unit="a"),
            TableField(name="d_dimer", codes=("DDIMER",), unit="mg/L", low=0, high=100),
            TableField(name="sex", codes=("GENDER",), kind="categorical", categories=("F", "M")),
        )
    ),
    note=NoteSpec(codes=("NOTE//radiology",)),
)
TASKS = (
    TaskSpec(name="death", kind="binary"),
    TaskSpec(name="diagnosis", kind="multilabel", classes=("pneumonia", "oedema")),
    TaskSpec(name="place", kind="multiclass", classes=("home", "ward", "unit")),
    TaskSpec(name="stay", kind="regression", unit="d"),
    TaskSpec(name="survival", kind="survival", unit="d", bin_edges=(1, 7, 30)),
)


def event(
    subject: int,
    hour: float | None,
    code: str,
    number: float | None = None,
    text: str | None = None,
    censored: int | None = None,
) -> tuple[Any, ...]:
    """One row; ``hour`` counts from admission, None is static."""
    time = None if hour is None else ADMISSION + timedelta(hours=hour)
    return (subject, time, code, number, text, censored)


def events(rows: list[tuple[Any, ...]]) -> pl.DataFrame:
    """Rows as the event table."""
    return pl.DataFrame(rows, schema=EVENT_SCHEMA, orient="row")


def usual_rows() -> list[tuple[Any, ...]]:
    """Subjects 1 and 2 have all modalities, 3 no note, 4 a table only."""
    rows = [event(s, None, "AGE", 40.0 + s) for s in SPLIT] + [
        event(s, None, "GENDER", None, "FMFM"[s - 1]) for s in SPLIT
    ]
    for subject in (1, 2, 3):
        rows += [event(subject, hour, "HR", 60 + 10 * subject + hour) for hour in (0.5, 1.5, 5.5)]
        rows += [event(subject, 2.0, "URINE", 100.0), event(subject, 2.0, "URINE", 50.0)]
    rows += [event(s, 3, "NOTE//radiology", None, f"no effusion, film {s}") for s in (1, 2)]
    rows += [event(1, 1, "DDIMER", 2.0), event(2, 4, "DDIMER", None, None, 1)]
    return rows


def png(seed: int, size_px: int = 48) -> bytes:
    """A small film of smooth random content."""
    noise = np.random.default_rng(seed).integers(0, 255, (20, 20), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).resize((size_px, size_px), Image.Resampling.BICUBIC).save(stream, "png")
    return stream.getvalue()


def usual_images(hour: float = 2.0) -> pl.DataFrame:
    """One frontal film for subjects 1 to 3."""
    rows = [(s, ADMISSION + timedelta(hours=hour), f"{s}.png", "CR", "AP") for s in (1, 2, 3)]
    return pl.DataFrame(
        rows,
        schema={
            "subject_id": pl.Int64,
            "time": pl.Datetime("us"),
            "path": pl.String,
            "modality": pl.String,
            "view": pl.String,
        },
        orient="row",
    )


def label(values: dict[int, Any]) -> pl.DataFrame:
    """subject_id, prediction_time, value."""
    return pl.DataFrame(
        {"subject_id": list(values), "prediction_time": [PREDICTION] * len(values), "value": list(values.values())},
        schema_overrides={"subject_id": pl.Int64, "prediction_time": pl.Datetime("us")},
    )


def usual_labels() -> dict[str, dict[str, pl.DataFrame]]:
    """Labels of all tasks; subject 2 lacks oedema, stay and place."""
    return {
        "death": {"value": label({1: True, 2: False, 3: False, 4: True})},
        "diagnosis": {
            "pneumonia": label({1: True, 2: False, 3: True, 4: False}),
            "oedema": label({1: False, 3: True, 4: True}),
        },
        "place": {"value": label({1: "unit", 3: "home", 4: "ward"})},
        "stay": {"value": label({1: 3.5, 3: 10.0, 4: 1.0})},
        "survival": {
            "time": label({1: 2.0, 2: 30.0, 3: 30.0, 4: 5.0}),
            "event": label({1: True, 2: False, 3: False, 4: True}),
        },
    }


def small_content(
    *, rows: list[tuple[Any, ...]] | None = None, images: pl.DataFrame | None = None, **changes: Any
) -> CohortContent:
    """The usual small cohort; ``changes`` replace fields of CohortContent."""
    table = usual_images() if images is None else images
    record = CohortRecord(
        name="small",
        provenance=Provenance(source="made for tests", source_version="1", licence="Apache-2.0"),
        modalities=MODALITIES,
        tasks=TASKS,
        groups={"sex": "GENDER", "age_years": "AGE"},
    )
    fields: dict[str, Any] = {
        "record": record,
        "events": events(usual_rows() if rows is None else rows),
        "codes": code_table(MODALITIES),
        "splits": pl.DataFrame({"subject_id": list(SPLIT), "split": list(SPLIT.values())}),
        "labels": usual_labels(),
        "images": table,
        "image_files": {path: png(seed) for seed, path in enumerate(table["path"])},
    }
    return CohortContent(**fields | changes)
