"""The code table of a source (code, description, UCUM unit), made from its modality spec so that units stand once."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from monai_app.cohort.spec import ModalitySpec

CODE_SCHEMA = {"code": pl.String, "description": pl.String, "unit": pl.String}


def code_table(modalities: ModalitySpec, *, extra: Mapping[str, tuple[str, str | None]] | None = None) -> pl.DataFrame:
    """One row per code that the spec names; a code named twice keeps its first meaning.

    Args:
        modalities: the source's spec.
        extra: further codes: ``code -> (description, unit or None)``; they win over the spec's.

    Returns:
        code, description, unit (null for categorical facts and notes).
    """
    meaning: dict[str, tuple[str, str | None]] = dict(extra or {})
    for channel in modalities.series.channels if modalities.series else ():
        for code in channel.codes:
            meaning.setdefault(code, (channel.name.replace("_", " "), channel.unit))
    for field in modalities.table.fields if modalities.table else ():
        for code in field.codes:
            unit = field.unit if field.kind == "numeric" else None
            meaning.setdefault(code, (field.name.replace("_", " "), unit))
    for code in modalities.note.codes if modalities.note else ():
        meaning.setdefault(code, (code.rpartition("//")[2].replace("_", " "), None))
    rows = [(code, description, unit) for code, (description, unit) in sorted(meaning.items())]
    return pl.DataFrame(rows, schema=CODE_SCHEMA, orient="row")
