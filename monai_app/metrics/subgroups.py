"""Subgroups of samples: sex, age band, site, and which modalities are present."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monai_app.metrics.labels import Mask

MIN_SAMPLES = 20
"""Smaller groups are counted but not scored: their metrics would be noise and could point at persons."""

AGE_BAND_EDGES_YEARS = (18.0, 40.0, 60.0, 80.0)
"""Lower edges of the age bands after the first one (completed years)."""

MAX_GROUPS = 12
"""Of an attribute with more values, the largest are shown and the rest is one group."""

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Subgroup:
    """Samples that share an attribute's value.

    Attributes:
        attribute: such as ``sex``.
        name: the value or band.
        rows: (N,) membership.
    """

    attribute: str
    name: str
    rows: Mask

    @property
    def samples(self) -> int:
        """Number of samples."""
        return int(self.rows.sum())


def age_bands(age_years: NDArray[np.floating[Any]]) -> list[str]:
    """The band of each age in years; NaN is unknown."""
    lower = ("0", *(f"{edge:.0f}" for edge in AGE_BAND_EDGES_YEARS))
    names = [f"{low}-{float(high) - 1:.0f} years" for low, high in itertools.pairwise(lower)]
    names.append(f"{lower[-1]} years and over")
    index = np.digitize(age_years, AGE_BAND_EDGES_YEARS)
    return [UNKNOWN if np.isnan(age) else names[i] for age, i in zip(age_years, index, strict=True)]


def quartile_bands(values: NDArray[np.floating[Any]]) -> list[str]:
    """The quartile of each value, named by its limits; NaN is unknown."""
    known = values[np.isfinite(values)]
    edges = np.unique(np.quantile(known, [0.25, 0.5, 0.75])) if known.size else np.zeros(0)
    bounds = [f"{edge:g}" for edge in edges]
    names = [f"< {bounds[0]}"] if bounds else ["all"]
    names += [f"{low} to {high}" for low, high in itertools.pairwise(bounds)]
    names += [f">= {bounds[-1]}"] if bounds else []
    index = np.searchsorted(edges, values, side="right")
    return [UNKNOWN if not np.isfinite(value) else names[i] for value, i in zip(values, index, strict=True)]


def subgroups(attribute: str, values: NDArray[Any]) -> list[Subgroup]:
    """The groups of one attribute: strings by value, ages in bands, other numbers in quartiles.

    Args:
        attribute: its name; one holding ``age`` as a word is in years.
        values: (N,) strings ("" is unknown) or numbers (NaN is unknown).

    Returns:
        In the order of bands, or by falling size for strings.
    """
    if values.dtype.kind in "fiu":
        banded = age_bands if "age" in attribute.lower().split("_") else quartile_bands
        names = banded(values.astype(np.float64))
        order = sorted(set(names), key=lambda name: (name == UNKNOWN, _first_value(names, values, name)))
    else:
        names = [str(value) if value is not None and str(value) else UNKNOWN for value in values]
        order = sorted(set(names), key=lambda name: (name == UNKNOWN, -names.count(name), name))
    column = np.array(names, dtype=object)
    groups = [Subgroup(attribute, name, np.asarray(column == name, dtype=np.bool_)) for name in order]
    return _merged(attribute, groups)


def _first_value(names: Sequence[str], values: NDArray[Any], wanted: str) -> float:
    return min((float(value) for name, value in zip(names, values, strict=True) if name == wanted), default=0.0)


def _merged(attribute: str, groups: list[Subgroup]) -> list[Subgroup]:
    if len(groups) <= MAX_GROUPS:
        return groups
    kept = groups[: MAX_GROUPS - 1]
    rest = groups[MAX_GROUPS - 1 :]
    rows = np.logical_or.reduce([group.rows for group in rest])
    return [*kept, Subgroup(attribute, f"{len(rest)} smaller groups", rows)]


def missing_patterns(present: Mask, modalities: Sequence[str]) -> Iterator[Subgroup]:
    """Samples (N, M) grouped by which modalities are present, most frequent first; together they are all samples."""
    patterns, index, counts = np.unique(present, axis=0, return_inverse=True, return_counts=True)
    for pattern in np.argsort(-counts, kind="stable"):
        names = [name for name, there in zip(modalities, patterns[pattern], strict=True) if there]
        rows = np.asarray(index.reshape(-1) == pattern, dtype=np.bool_)
        yield Subgroup("modalities present", " + ".join(names) or "none", rows)
