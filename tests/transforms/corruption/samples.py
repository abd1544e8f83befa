"""One small sample of all four modalities, and how far a corrupted value lies from it."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Any

import numpy as np
import torch

from monai_app.cohort.spec import (
    Channel,
    FilmSpec,
    ModalitySpec,
    ModelSpec,
    NoteSpec,
    SeriesSpec,
    TableField,
    TableSpec,
)
from monai_app.transforms.corruption.base import Corruption, record_key
from monai_app.transforms.corruption.series import carried_forward

CHANNELS = (
    ("heart_rate", "/min", 20.0, 250.0, 80.0, 12.0),
    ("temperature", "Cel", 25.0, 45.0, 37.0, 0.6),
    ("glucose", "mg/dL", 10.0, 1500.0, 120.0, 25.0),
    ("creatinine", "mg/dL", 0.1, 25.0, 1.2, 0.4),
    ("mean_pressure", "mm[Hg]", 15.0, 220.0, 75.0, 9.0),
    ("sodium", "mmol/L", 95.0, 190.0, 140.0, 3.0),
)
STD = np.array([row[-1] for row in CHANNELS], np.float32)
FIELDS = (
    TableField(name="age", codes=("AGE",), unit="a"),
    TableField(name="sex", codes=("SEX",), kind="categorical", categories=("F", "M")),
    *(TableField(name=f"fact_{number}", codes=(f"F{number}",)) for number in range(6)),
)
SPEC = ModelSpec(
    modalities=ModalitySpec(
        film=FilmSpec(size_px=64),
        series=SeriesSpec(
            hours=24,
            channels=tuple(
                Channel(name=name, codes=(name,), unit=unit, low=low, high=high)
                for name, unit, low, high, _, _ in CHANNELS
            ),
        ),
        table=TableSpec(fields=FIELDS),
        note=NoteSpec(codes=("NOTE",)),
    ),
    tasks=(),
)
SERIES = SPEC.modalities.series
NOTE = (
    "Admission note: transferred from the ward for closer observation. Slight leg swelling for four days, mild drop "
    "of urine output, chest pain of sudden onset. Patient reports a cough with green sputum and no fever."
)


def film(size_px: int = 64) -> torch.Tensor:
    """Lungs, ribs and texture, letterboxed at the left and right, (1, S, S)."""
    row, column = np.indices((size_px, size_px)) / size_px
    grey = 0.75 - 0.5 * np.exp(-(((column - 0.35) / 0.12) ** 2) - ((row - 0.5) / 0.25) ** 2)
    grey -= 0.45 * np.exp(-(((column - 0.67) / 0.12) ** 2) - ((row - 0.5) / 0.25) ** 2)
    grey += 0.06 * np.sin(40 * row + 6 * column) + np.random.default_rng(0).normal(0, 0.02, grey.shape)
    grey[:, : size_px // 8] = grey[:, -size_px // 8 :] = 0
    return torch.from_numpy(np.clip(grey, 0, 1).astype(np.float32))[None]


def series() -> np.ndarray:
    """(3, 24, 6) of drifting channels, about half of the cells observed."""
    rng = np.random.default_rng(1)
    mean = np.array([row[4] for row in CHANNELS])
    values = mean + STD * np.cumsum(rng.normal(0, 0.5, (SERIES.steps, len(CHANNELS))), axis=0)
    values[rng.random(values.shape) < 0.5] = np.nan
    return carried_forward(values.astype(np.float32), SERIES)


def table() -> np.ndarray:
    """(2, 9): age, sex in two columns, six facts, of which one is unknown and one beyond a detection limit."""
    values = np.array([60, 0, 1, 5, np.nan, 2, np.nan, 0, 1], np.float32)
    return np.stack([values, np.array([0, 0, 0, 0, 0, 0, 1, 0, 0], np.float32)])


def sample(**present: bool) -> dict[str, Any]:
    content: dict[str, Any] = {"film": film(), "series": series(), "table": table(), "note": NOTE}
    return content | {f"{name}_present": present.get(name, True) for name in content}


def corrupted(transform: Corruption, seed: int = 0, given: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
    """The corrupted value and its parameters."""
    result = transform.set_random_state(seed=seed)(sample() if given is None else given)
    key = transform.modality.value
    return result[key], result[record_key(key)]["parameters"]


def same(first: Any, second: Any) -> bool:
    """Whether two values are the same bit for bit, NaN included."""
    if isinstance(first, str):
        return first == second
    one, other = np.asarray(first), np.asarray(second)
    return type(first) is type(second) and one.dtype == other.dtype and one.tobytes() == other.tobytes()


def distance(first: Any, second: Any) -> float:
    """How far two values of a modality lie apart; unknown against known counts as 1."""
    if isinstance(first, str):
        return 1 - SequenceMatcher(None, first, second, autojunk=False).ratio()
    one, other = np.asarray(first, float), np.asarray(second, float)
    if one.shape[0] == 3:
        one, other = one / STD, other / STD
    apart = np.abs(one - other)
    return float(np.where(np.isnan(apart), np.isnan(one) != np.isnan(other), apart).mean())
