"""How much of a volume a network sees at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

_STRETCH = 1.6
"""A volume up to this much longer than the window is seen whole along that axis instead of in two halves."""


def window(shape: Sequence[int], patch: Sequence[int], divisor: int) -> tuple[int, ...]:
    """The sides of the window for a volume: its own, rounded up, where it is not much longer than the patch."""

    def side(length: int, wanted: int) -> int:
        whole = math.ceil(length / divisor) * divisor
        return whole if length <= wanted * _STRETCH else math.ceil(wanted / divisor) * divisor

    return tuple(side(length, wanted) for length, wanted in zip(shape, patch, strict=True))
