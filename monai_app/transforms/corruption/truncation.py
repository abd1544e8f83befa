"""Truncationd: a note whose end was cut off by a field of limited length."""

from __future__ import annotations

import numpy as np

from monai_app.transforms.corruption.base import Parameters
from monai_app.transforms.corruption.note import NoteCorruption

KEPT = (0.8, 0.6, 0.4, 0.25, 0.1)
"""Share of the characters that is kept, by severity."""


class Truncationd(NoteCorruption):
    """Keep the beginning of notes."""

    name = "truncation"

    def draw(self, rng: np.random.Generator, value: str) -> Parameters:
        """The number of characters kept; nothing is random."""
        return {"kept_characters": max(1, round(self.level(KEPT) * len(value)))}

    def degrade(self, value: str, parameters: Parameters) -> str:
        """The beginning of the note."""
        return value[: parameters["kept_characters"]]
