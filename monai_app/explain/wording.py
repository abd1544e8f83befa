"""Names and units as a reader writes them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from monai_app.explain.target import Target

TITLES = {"film": "Film", "series": "Time course", "table": "Patient data", "note": "Notes"}
"""Of the modalities."""

_UNITS = {"1": "", "Cel": "°C", "mm[Hg]": "mmHg", "cm[H2O]": "cmH2O", "a": "years", "d": "days", "h": "hours"}


def plain_unit(ucum: str) -> str:
    """A UCUM unit as it is written on a chart; annotations in braces lose them."""
    return _UNITS.get(ucum, re.sub(r"\{([^}]*)\}", lambda found: found.group(1).replace("_", " "), ucum))


def plain_name(name: str) -> str:
    """``heart_rate`` as words."""
    return name.replace("_", " ")


def label_of(target: Target) -> str:
    """The label in words, without the task where the class says enough."""
    task, _, label = target.name.partition("/")
    if label.startswith("by_"):
        return f"{plain_name(task)} within {label[3:]} {plain_unit(target.task.unit)}"
    return plain_name(label or task)


def told(target: Target, value: float) -> str:
    """A probability, or a value with its unit."""
    return f"{value:.2f}" if target.is_probability else f"{value:.3g} {plain_unit(target.task.unit)}".strip()


def quantity(target: Target) -> str:
    """What is predicted."""
    return "probability" if target.is_probability else "predicted value"


def in_words(value: Any) -> str:
    """A value of a record as a reader takes it in; entries of a mapping one after the other."""
    if isinstance(value, Mapping):
        return ", ".join(f"{plain_name(str(key))} {entry}" for key, entry in value.items())
    return str(value)
