"""The files beside a simulated cohort: its truth, and the masks of its images."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from monai_app.phantom.anatomy import Lesion, Organ
from monai_app.phantom.darkroom import Darkroom, Examination
from monai_app.phantom.film import HEART_BIT, LUNG_LEFT_BIT, LUNG_RIGHT_BIT
from monai_app.phantom.labels import Truth
from monai_app.phantom.note import Note
from monai_app.phantom.note_text import SYMPTOMS
from monai_app.phantom.patient import Patient
from monai_app.phantom.truth import bayes_record, information_record, information_table, latent_table, quality_table


class Companions(Mapping[str, bytes | pl.DataFrame]):
    """Small files, then the masks, which are rendered when they are asked for."""

    def __init__(self, files: Mapping[str, bytes | pl.DataFrame], masks: Mapping[str, bytes]) -> None:
        self._files, self._masks = files, masks

    def __getitem__(self, path: str) -> bytes | pl.DataFrame:
        return self._files[path] if path in self._files else self._masks[path]

    def __iter__(self) -> Iterator[str]:
        yield from self._files
        yield from self._masks

    def __len__(self) -> int:
        return len(self._files) + len(self._masks)


def companions(
    people: Sequence[Patient],
    truths: Sequence[Truth],
    notes: Mapping[int, Note],
    splits: pl.DataFrame,
    examinations: Sequence[Examination],
    darkroom: Darkroom,
) -> Companions:
    """The truth beside the cohort, and the masks."""
    latents = latent_table(people, truths, splits)
    files: dict[str, bytes | pl.DataFrame] = {
        "latents.parquet": latents,
        "quality.parquet": quality_table(people),
        "information.parquet": information_table(),
        "information.json": _json(information_record()),
        "bayes.json": _json(bayes_record(latents, people, truths)),
        "note_statuses.parquet": status_table(notes),
        "masks.parquet": mask_table(examinations),
        "mask_labels.json": _json(mask_labels()),
    }
    return Companions(files, darkroom.masks)


def status_table(notes: Mapping[int, Note]) -> pl.DataFrame:
    """subject_id and, per symptom (named by its latent), what the note says."""
    columns: dict[str, Any] = {"subject_id": list(notes)}
    for name in SYMPTOMS:
        columns[name] = [note.statuses[name].value for note in notes.values()]
    return pl.DataFrame(columns, schema={"subject_id": pl.Int64, **dict.fromkeys(SYMPTOMS, pl.String)})


def mask_table(examinations: Sequence[Examination]) -> pl.DataFrame:
    """subject_id, image (its path, or the folder of a series), content (findings, organs, lesions), mask (path)."""
    rows = [(row.subject_id, row.image, row.content, row.mask) for exam in examinations for row in exam.masks]
    schema = {"subject_id": pl.Int64, "image": pl.String, "content": pl.String, "mask": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def mask_labels() -> dict[str, dict[str, int]]:
    """What the numbers in the masks mean."""
    film = {lesion.name.lower(): 1 << (lesion - 1) for lesion in Lesion}
    film |= {"heart": HEART_BIT, "lung_right": LUNG_RIGHT_BIT, "lung_left": LUNG_LEFT_BIT}
    return {
        "film_bits": film,
        "volume_organs": {organ.name.lower(): int(organ) for organ in Organ},
        "volume_lesions": {lesion.name.lower(): int(lesion) for lesion in Lesion},
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True, allow_nan=False) + "\n").encode()
