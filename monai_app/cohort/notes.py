"""The note modality: the visible notes of a sample in time order, each headed by what it is."""

from __future__ import annotations

import polars as pl

from monai_app.cohort.facts import within_hours
from monai_app.cohort.spec import NoteSpec
from monai_app.core.errors import InputRejected


def note_texts(events: pl.LazyFrame, codes: pl.DataFrame, spec: NoteSpec, n_samples: int) -> list[str]:
    """One text a sample, "" without a note.

    Args:
        events: visible events with ``sample``.
        codes: the cohort's code table; its descriptions head the notes whose heading the spec does not say.
        spec: which codes are notes.
        n_samples: N.

    Raises:
        InputRejected: ``NOTE_TOO_LONG``.
    """
    notes = (
        events.filter(pl.col("code").is_in(list(spec.codes)) & pl.col("text_value").is_not_null())
        .filter(within_hours(spec.hours))
        .select("sample", "time", "code", pl.col("text_value").str.strip_chars().alias("text"))
        .filter(pl.col("text") != "")
        .collect()
        .sort("sample", "time", "code", "text", nulls_last=False)
    )
    check_note_lengths(notes["text"], spec.max_characters)
    headed = notes.join(
        codes.select("code", "description").unique("code"), on="code", how="left", maintain_order="left"
    )
    named = pl.col("code").replace_strict(spec.headings, default=None, return_dtype=pl.String)
    heading = pl.coalesce(named, pl.col("description"), pl.col("code"))
    joined = headed.group_by("sample", maintain_order=True).agg(
        pl.format("{}: {}", heading, pl.col("text")).str.join("\n").alias("note")
    )
    texts = [""] * n_samples
    for sample, note in joined.iter_rows():
        texts[sample] = note
    return texts


def check_note_lengths(texts: pl.Series, max_characters: int) -> None:
    """Refuse notes that no clinician wrote: they are dumps, and reading on from a cut would be a silent repair.

    Raises:
        InputRejected: ``NOTE_TOO_LONG``.
    """
    lengths = texts.str.len_chars()
    too_long = int((lengths > max_characters).sum())
    if too_long:
        raise InputRejected(
            "NOTE_TOO_LONG",
            "notes are longer than the limit of the cohort",
            got=f"{too_long} notes, the longest of {int(lengths.to_numpy().max())} characters",
            expected=f"at most {max_characters} characters a note",
            remedy="Remove or split them at the source, or raise max_characters of the note in the cohort's YAML.",
        )
