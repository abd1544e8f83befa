"""The film before a sample's film, where a patient has one: a further condition of the next (DDL-CXR, NeurIPS 2024)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from monai_app.cohort.films import accepted_view
from monai_app.cohort.samples import visible_images
from monai_app.cohort.spec import ModelSpec
from monai_app.cohort.store import Cohort

PREVIOUS = "previous_film"
"""Path of the film before; empty where there is none."""


def with_previous_films(
    items: Sequence[Mapping[str, Any]], cohort_dir: str | Path, spec: ModelSpec
) -> list[Mapping[str, Any]]:
    """The items with the path of the last accepted film that was taken before the sample's own."""
    film = spec.modalities.film
    if film is None:
        return list(items)
    cohort = Cohort(cohort_dir)
    samples = pl.DataFrame(
        {
            "sample": range(len(items)),
            "subject_id": [item["subject_id"] for item in items],
            "prediction_time": [item["prediction_time"] for item in items],
        },
        schema={"sample": pl.UInt32, "subject_id": pl.Int64, "prediction_time": pl.Datetime("us")},
    )
    accepted = pl.col("modality").is_in(list(film.modalities)) & accepted_view(pl.col("view"), film)
    films = visible_images(cohort, samples).filter(accepted).sort("sample", "time", "path")
    before = films.group_by("sample", maintain_order=True).agg(pl.col("path"), pl.len().alias("films"))
    found = {
        sample: str(cohort.image_path(paths[-2]))
        for sample, paths, count in before.select("sample", "path", "films").iter_rows()
        if count > 1
    }
    return [{**item, PREVIOUS: found.get(row, "")} for row, item in enumerate(items)]
