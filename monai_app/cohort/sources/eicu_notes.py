"""Notes of eICU: the paths a clinician clicked through (past history, physical exam, notes), written as phrases."""

from __future__ import annotations

import polars as pl

from monai_app.cohort.sources.eicu_stays import place
from monai_app.cohort.sources.source_files import SourceFolder, numbers

_SCREEN_OPTIONS = r"(?:View and Save|View Options|Skip Screen Options|Obtain Options|Include Rx|Billing Options)"
"""Paths that work the program and say nothing of the patient."""

_TABLES = {
    "NOTE//history": ("pasthistory", "pasthistoryenteredoffset", "pasthistorypath", "pasthistoryvaluetext"),
    "NOTE//exam": ("physicalexam", "physicalexamoffset", "physicalexampath", "physicalexamtext"),
    "NOTE//note": ("note", "noteenteredoffset", "notepath", "notetext"),
}
"""Code -> table, minute it was entered (known to the chart), path, text."""

NOTE_CODES: dict[str, tuple[str, str | None]] = {
    "NOTE//history": ("past history", None),
    "NOTE//exam": ("physical exam", None),
    "NOTE//note": ("note", None),
}


def read_notes(folder: SourceFolder, stays: pl.DataFrame) -> pl.DataFrame:
    """One event a unit stay, table and minute: its phrases in the order of their paths, separated by semicolons.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``VALUE_INVALID``.
    """
    frames = []
    for code, (table, minute, path, text) in _TABLES.items():
        columns = ("patientunitstayid", minute, path, text)
        rows = numbers(
            folder.table(f"eicu_demo/{table}.csv", f"{table}.csv", columns=columns), columns[:2], pl.Int64, table=table
        )
        said = rows.filter(~pl.col(path).str.contains(_SCREEN_OPTIONS)).select(
            "patientunitstayid",
            pl.col(minute).alias("minute"),
            path,
            phrase(pl.col(path), pl.col(text)).alias("phrase"),
        )
        notes = (
            said.unique()
            .sort("patientunitstayid", "minute", path, "phrase")
            .group_by("patientunitstayid", "minute", maintain_order=True)
            .agg(pl.col("phrase").unique(maintain_order=True).str.join("; ").alias("text_value"))
        )
        placed = place(notes, stays, minutes="minute")
        frames.append(placed.select("subject_id", "time", pl.lit(code).alias("code"), "text_value"))
    return pl.concat(frames)


def phrase(path: pl.Expr, text: pl.Expr) -> pl.Expr:
    """A click path and its text as words: ``.../HR/HR Lowest`` and ``98`` become ``HR Lowest 98``.

    The leaf is preceded by the heading above it (``Heart Sounds S1 normal``), unless it repeats it; the text follows
    unless it is the leaf.
    """
    steps = path.str.split("/")
    leaf, heading = steps.list.last().str.strip_chars(), steps.list.get(-2, null_on_oob=True).str.strip_chars()
    repeats = leaf.str.to_lowercase().str.contains(heading.str.to_lowercase(), literal=True)
    headed = pl.when(repeats.fill_null(True)).then(leaf).otherwise(pl.format("{} {}", heading, leaf))
    same = text.is_null() | (text.str.replace_all(" ", "") == leaf.str.replace_all(" ", ""))
    return pl.when(same).then(headed).otherwise(pl.format("{} {}", headed, text.str.strip_chars()))
