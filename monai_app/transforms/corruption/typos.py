"""Typosd: letters struck twice, left out or taken from the neighbouring key, as in hurried typing.

Belinkov and Bisk, Synthetic and natural noise both break neural machine translation, ICLR 2018.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from monai_app.core.random import numpy_generator
from monai_app.transforms.corruption.base import Parameters, draw_seed
from monai_app.transforms.corruption.note import NoteCorruption, chosen

RATE = (0.02, 0.05, 0.10, 0.18, 0.30)
"""Share of the letters that is mistyped, by severity."""
_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class Typosd(NoteCorruption):
    """Mistype drawn letters of notes; digits, marks and spaces stay."""

    name = "typos"

    def draw(self, rng: np.random.Generator, value: str) -> Parameters:
        """The rate, and the seed of which letter is mistyped and how."""
        return {"rate": self.level(RATE), "seed": draw_seed(rng)}

    def degrade(self, value: str, parameters: Parameters) -> str:
        """The mistyped note."""
        rng = numpy_generator("typos", parameters["seed"])
        letters = np.array([letter.isalpha() for letter in value], bool)
        hit = np.zeros(len(value), bool)
        hit[letters] = chosen(rng.random(int(letters.sum())), parameters["rate"])
        kinds = rng.integers(len(MISTAKES), size=len(value))
        draws = zip(value, hit, kinds, strict=True)
        typed = "".join(MISTAKES[kind](letter) if wrong else letter for letter, wrong, kind in draws)
        return typed or twice(value)


def neighbour(letter: str) -> str:
    """The key to the right on an English keyboard, to the left at the end of a row; other letters are struck twice."""
    for row in _ROWS:
        place = row.find(letter.lower())
        if place >= 0:
            other = row[place + 1] if place + 1 < len(row) else row[place - 1]
            return other.upper() if letter.isupper() else other
    return twice(letter)


def twice(letter: str) -> str:
    """The letter struck twice."""
    return letter + letter


def left_out(letter: str) -> str:
    """No letter."""
    return ""


MISTAKES: tuple[Callable[[str], str], ...] = (neighbour, twice, left_out)
