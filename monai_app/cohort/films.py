"""The film modality: the latest acceptable film before the prediction time."""

from __future__ import annotations

import polars as pl

from monai_app.cohort.facts import within_hours
from monai_app.cohort.spec import FilmSpec

_LATERAL = (
    "L",
    "LL",
    "RL",
    "LAT",
    "LATERAL",
    "LLD",
    "RLD",
    "LLO",
    "RLO",
    "LAO",
    "RAO",
    "LPO",
    "RPO",
    "AXIAL",
    "CORONAL",
)
"""Views (and planes of CT) that are not frontal; everything else counts as frontal or unknown."""


def accepted_view(view: pl.Expr, spec: FilmSpec) -> pl.Expr:
    """Whether a view is one the spec accepts, ignoring case."""
    written = view.fill_null("").str.strip_chars().str.to_uppercase()
    if spec.views:
        return written.is_in([accepted.upper() for accepted in spec.views])
    return ~written.is_in(list(_LATERAL))


def latest_films(images: pl.DataFrame, spec: FilmSpec) -> pl.DataFrame:
    """sample, path, view of the latest film of each sample that has one; ties in time are broken by path.

    Args:
        images: visible images with ``sample`` and ``prediction_time``.
        spec: modalities, views and how long before the prediction time a film may lie.
    """
    accepted = pl.col("modality").is_in(list(spec.modalities)) & accepted_view(pl.col("view"), spec)
    films = images.filter(accepted & within_hours(spec.hours)).sort("sample", "time", "path")
    latest = films.group_by("sample", maintain_order=True).last()
    return latest.select("sample", "path", pl.col("view").fill_null(""))
