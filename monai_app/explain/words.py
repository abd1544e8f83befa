"""From tokens to the words of the original text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from monai_app.explain.ablation import Groups

Floats = npt.NDArray[np.float32]
Offsets = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Word:
    """A stretch of the original text, characters [start, end), and its attribution in units of the score."""

    start: int
    end: int
    value: float


def word_groups(offsets: Offsets) -> Groups:
    """Tokens (L,) that touch in the text belong to one word; marks and padding stand alone.

    Args:
        offsets: (L, 2) of characters; -1 for marks and padding.
    """
    groups = np.arange(len(offsets), dtype=np.int64)
    for place in range(1, len(offsets)):
        before, here = offsets[place - 1], offsets[place]
        if here[0] >= 0 and before[1] == here[0]:
            groups[place] = groups[place - 1]
    return groups


def words_of(values: Floats, offsets: Offsets) -> list[Word]:
    """Words with the sums of their tokens' attributions, in the order of the text."""
    groups = word_groups(offsets)
    found = []
    for group in np.unique(groups[offsets[:, 0] >= 0]):
        places = np.flatnonzero(groups == group)
        value = float(values[places].sum())
        found.append(Word(int(offsets[places[0], 0]), int(offsets[places[-1], 1]), value))
    return found
