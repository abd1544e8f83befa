"""What several methods say together: how far they agree, and on a film where."""

from __future__ import annotations

import base64
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from monai_app.core.page import Section
from monai_app.explain.agreement import Agreement
from monai_app.explain.film_grid import own_grid
from monai_app.explain.material import Material
from monai_app.explain.pictures import grey, png
from monai_app.explain.wording import TITLES, plain_name

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

AGREED_RGB, CONTESTED_RGB = (230, 97, 1), (0, 139, 154)
"""Orange where the methods agree that it speaks for the label, teal where they contradict each other."""

SHOWN_RANK, SHOWN_BITS = 0.8, 0.5
OPACITY = 0.6
SHOWN_WIDTH_PX = 560
LITTLE, MUCH = 0.3, 0.7
"""Rank correlations below and above which methods disagree and agree."""

_PICTURE = Markup(
    '<figure style="display:block"><img src="{}" alt="agreement of the methods" style="width:100%;max-width:{}px">'
    "<figcaption>Orange: the more, the higher all methods together rank a place. Teal: places that some methods mark"
    " among their top tenth and others do not.</figcaption></figure>"
)


def add_agreements(section: Section, found: Mapping[str, Agreement], material: Material) -> None:
    """Fill the section."""
    section.text(
        "Methods that agree may still be wrong together; where they disagree, no single one of their maps is to be"
        " believed. Maps are compared by rank, since the methods have no common unit."
    )
    header = ["data", "methods", "mean rank correlation", "in words", "marked by some but not all"]
    rows = [
        [
            TITLES[name],
            ", ".join(map(plain_name, made.methods)),
            made.correlation,
            in_words(made),
            f"{made.contested:.0%}",
        ]
        for name, made in found.items()
    ]
    section.table(header, rows)
    if "film" in found and material.film is not None:
        pixels = material.film.pixels
        shape = (pixels.shape[0], pixels.shape[1])
        made = found["film"]
        picture = png(agreed(pixels, own_grid(made.mean, shape), own_grid(made.entropy, shape)))
        url = "data:image/png;base64," + base64.b64encode(picture).decode()
        section.blocks.append(_PICTURE.format(url, SHOWN_WIDTH_PX))


def in_words(found: Agreement) -> str:
    """How far the methods agree."""
    value = found.correlation
    if value is None:
        return "cannot be told"
    return "they disagree" if value < LITTLE else "they agree" if value > MUCH else "they agree in part"


def agreed(film: Floats, mean: Floats, entropy: Floats) -> Bytes:
    """A film (H, W) with what the methods agree and disagree on, all on one grid, as a picture (H, W, 3)."""
    base = np.repeat(grey(film)[..., None].astype(np.float32), 3, axis=2)
    contested = np.clip((entropy - SHOWN_BITS) / (1 - SHOWN_BITS), 0, 1)[..., None] * OPACITY
    together = np.clip((mean - SHOWN_RANK) / (1 - SHOWN_RANK), 0, 1)[..., None] * OPACITY
    for strength, colour in ((contested, CONTESTED_RGB), (together, AGREED_RGB)):
        base = (1 - strength) * base + strength * np.array(colour, np.float32)
    found: Bytes = np.round(base).astype(np.uint8)
    return found
