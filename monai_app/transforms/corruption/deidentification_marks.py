"""DeidentificationMarksd: words that a de-identifier took for names and replaced by its marks.

The marks are those of MIMIC-III (``[**Name**]``) and MIMIC-IV (``___``).
"""

from __future__ import annotations

import re

import numpy as np

from monai_app.core.random import numpy_generator
from monai_app.transforms.corruption.base import Parameters, draw_seed
from monai_app.transforms.corruption.note import NoteCorruption, chosen

RATE = (0.04, 0.10, 0.20, 0.35, 0.55)
"""Share of the words that is replaced, by severity."""
MARKS = ("[**Name**]", "[**Hospital**]", "[**Location**]", "[**Date**]", "___")
_WORD = re.compile(r"\S+")


class DeidentificationMarksd(NoteCorruption):
    """Replace drawn words of notes by marks."""

    name = "deidentification_marks"

    def draw(self, rng: np.random.Generator, value: str) -> Parameters:
        """The rate, and the seed of which word becomes which mark."""
        return {"rate": self.level(RATE), "seed": draw_seed(rng)}

    def degrade(self, value: str, parameters: Parameters) -> str:
        """The note with its marks."""
        rng = numpy_generator("deidentification marks", parameters["seed"])
        words = len(_WORD.findall(value))
        hit = chosen(rng.random(words), parameters["rate"])
        kinds = rng.integers(len(MARKS), size=words)
        draws = zip(hit, kinds, strict=True)

        def marked(match: re.Match[str]) -> str:
            replaced, kind = next(draws)
            return MARKS[kind] if replaced else match[0]

        return _WORD.sub(marked, value)
