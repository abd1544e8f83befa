"""Colours of structures: those of Okabe and Ito (Color Universal Design, 2008), then Paul Tol's.

Colour-blind readers tell them apart.
"""

from __future__ import annotations

COLOURS = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (213, 94, 0),
    (204, 121, 167),
    (0, 114, 178),
    (187, 187, 187),
    (68, 170, 153),
    (221, 204, 119),
    (136, 34, 85),
)
"""RGB of label values 1, 2, ..., repeated beyond the last."""


def colour_of(label: int) -> tuple[int, int, int]:
    """RGB of a label value from 1 on."""
    return COLOURS[(label - 1) % len(COLOURS)]
