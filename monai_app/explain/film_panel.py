"""The film with its map over it, and a slider between the two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from markupsafe import Markup

from monai_app.core.page import Section
from monai_app.dicom.area import fitted_shape
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.explanation import Explanation
from monai_app.explain.film_grid import Floats, own_grid
from monai_app.explain.material import Material
from monai_app.explain.pictures import data_url, grey, heat, png
from monai_app.explain.sentences import legend

LONGEST_SIDE_PX = 900
"""Of the picture inside a page."""

SHOWN_WIDTH_PX = 560
"""Of the film on a page."""

_FILM = Markup(
    '<figure style="display:block"><div style="position:relative;max-width:{width}px;background:#000;line-height:0">'
    '<img src="{film}" alt="film" style="width:100%;display:block">'
    '<img class="heat" src="{heat}" alt="attribution" style="position:absolute;inset:0;width:100%;height:100%;'
    'opacity:.65">{letters}</div>'
    '<label style="display:flex;gap:10px;align-items:center;margin:10px 0;max-width:{width}px">film only'
    '<input type="range" min="0" max="100" value="65" style="flex:1" aria-label="opacity of the map"'
    " oninput=\"this.closest('figure').querySelector('.heat').style.opacity=this.value/100\">map</label>"
    '<div style="display:flex;gap:8px;align-items:center;font-size:13px;max-width:{width}px">speaks against'
    '<span style="flex:1;height:12px;border-radius:6px;background:linear-gradient(90deg,#5e3c99,#b2abd2,#f7f7f7,'
    '#fdb863,#c4610a)"></span>speaks for</div><figcaption>{caption}</figcaption></figure>'
)


_SIDES = ("without side markers of ours", "with the patient's sides as the file gives them")
_LETTER = '<span style="position:absolute;{};line-height:1;color:#fff;font:600 15px sans-serif;{}">{}</span>'
_SHADOW = "text-shadow:0 0 3px #000"
_PLACES = (
    "left:6px;top:50%;transform:translateY(-50%)",
    "right:6px;top:50%;transform:translateY(-50%)",
    "top:5px;left:50%;transform:translateX(-50%)",
    "bottom:5px;left:50%;transform:translateX(-50%)",
)


def edge_letters(letters: Sequence[str], shadow: str = "") -> Markup:
    """Patient directions at the left, right, top and bottom edge of what is positioned around them."""
    return Markup("").join(
        Markup(_LETTER).format(Markup(place), Markup(shadow), letter)
        for place, letter in zip(_PLACES, letters, strict=True)
    )


def add_film(section: Section, explanation: Explanation, made: AttributionMap, material: Material) -> None:
    """Fill the film's section."""
    assert material.film is not None, "a present film has its pixels"
    shown = _fitted(material.film.pixels)
    over = heat(own_grid(made.values, (shown.shape[0], shown.shape[1])))
    side, letters = made.values.shape[0], material.film.letters
    section.text(legend(made, "film"))
    section.blocks.append(
        _FILM.format(
            width=min(SHOWN_WIDTH_PX, shown.shape[1]),
            film=data_url(png(grey(shown))),
            heat=data_url(png(over)),
            letters=edge_letters(letters, _SHADOW) if letters else "",
            caption=(
                f"The model saw the film at {side} × {side} pixels; the map is enlarged to the film and smoothed for"
                f" display. The film is shown as stored, {_SIDES[letters is not None]}."
            ),
        )
    )
    section.text(
        f"The film as a whole moved the score by {made.change:+.2f} {explanation.target.unit}, compared with"
        f" {made.baseline}."
    )


def _fitted(pixels: Floats) -> Floats:
    if max(pixels.shape) <= LONGEST_SIDE_PX:
        return pixels
    shape = fitted_shape(pixels.shape[0], pixels.shape[1], LONGEST_SIDE_PX)
    found: Floats = torch.nn.functional.interpolate(
        torch.from_numpy(np.ascontiguousarray(pixels))[None, None], shape, mode="area"
    )[0, 0].numpy()
    return found
