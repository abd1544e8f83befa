"""Three planes of a volume with its map over them: orientation letters, scale, outlines, and a slider for the map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup
from PIL import Image

from monai_app.core.page import Section
from monai_app.dicom.planes import BARS_MM, Plane, grey_range, outline, planes
from monai_app.dicom.volume import Volume
from monai_app.explain.film_panel import edge_letters
from monai_app.explain.pictures import data_url, grey, painted, png
from monai_app.explain.volumes.own_grid import Floats
from monai_app.explain.volumes.seen import Bools

LONGEST_SIDE_PX, ALL_WIDTHS_PX = 400, 830
"""Of the largest of the three planes, and of all three side by side; all have one scale."""

LUNG_WINDOW_HU = (-1350.0, 150.0)
"""Centre -600, width 1500: a second look at CT, behind a switch."""

FOUND, KNOWN = (86, 180, 233), (0, 158, 115)
"""Outlines of what the model found and of what the label map says (Okabe and Ito, 2008)."""

_PLANE = Markup(
    '<div style="width:{width}px;flex:none"><div style="padding:24px;position:relative">{letters}'
    '<div style="position:relative;line-height:0"><img src="{image}" alt="{name} plane" style="width:100%">{second}'
    '<img class="heat" src="{heat}" alt="map" style="position:absolute;inset:0;width:100%;height:100%;opacity:.65">'
    '<img src="{marks}" alt="outlines" style="position:absolute;inset:0;width:100%;height:100%"></div></div>'
    '<div style="padding:0 24px 4px;color:#ccc;font:11px sans-serif;display:flex;gap:5px;align-items:center">'
    '<span style="display:inline-block;width:{bar_px}px;height:3px;background:#fff"></span>'
    "{bar_mm} mm</div></div>"
)
_SECOND = Markup(
    '<img class="second" src="{}" alt="" style="position:absolute;inset:0;width:100%;height:100%;display:none">'
)
_SWITCH = Markup(
    '<label style="display:block;margin:8px 0"><input type="checkbox" onchange="this.closest(\'figure\')'
    ".querySelectorAll('.second').forEach(i=>i.style.display=this.checked?'block':'none')\"> lung window"
    " (centre −600, width 1500 HU) instead of soft tissue (40, 400)</label>"
)
_ROW = Markup(
    '<figure style="display:block"><div class="planes" style="display:flex;flex-wrap:wrap;gap:8px;align-items:center;'
    'background:#000;padding:6px;width:fit-content;max-width:100%">{planes}</div>'
    '<label style="display:flex;gap:10px;align-items:center;margin:10px 0;max-width:560px">image only'
    '<input type="range" min="0" max="100" value="65" style="flex:1" aria-label="opacity of the map"'
    " oninput=\"this.closest('figure').querySelectorAll('.heat').forEach(h=>h.style.opacity=this.value/100)\">"
    'map</label><div style="display:flex;gap:8px;align-items:center;font-size:13px;max-width:560px">speaks against'
    '<span style="flex:1;height:12px;border-radius:6px;background:linear-gradient(90deg,#5e3c99,#b2abd2,#f7f7f7,'
    '#fdb863,#c4610a)"></span>speaks for</div>{switch}{keys}<figcaption>{caption}</figcaption></figure>'
)
_KEY = Markup(
    '<span style="font-size:13px;margin-right:18px"><span style="display:inline-block;width:22px;'
    'border-top:3px {style} rgb{colour};vertical-align:middle;margin-right:6px"></span>{text}</span>'
)


@dataclass(frozen=True, eq=False)
class Outlines:
    """Masks on the image's own grid; None where there is none.

    Attributes:
        found: what the model found, a full line.
        known: what the label map says, a dotted line.
        found_text: what the full line is.
        known_text: what the dotted line is.
    """

    found: Bools | None = None
    known: Bools | None = None
    found_text: str = ""
    known_text: str = ""


def add_planes(
    section: Section,
    image: Volume,
    values: Floats,
    most: float,
    at: tuple[int, int, int],
    outlines: Outlines,
    *,
    modality: str,
    caption: str,
) -> None:
    """Append three planes through a voxel.

    Args:
        values: the map ``(I, J, K)`` in the image's voxels, smoothed for display.
        most: attribution that has the full colour.
        at: voxel of the image.
    """
    relative = Volume((values / most).astype(np.float32), image.affine_ras)
    shown = planes(image, _numbered(outlines, image.array.shape), at)
    over = planes(relative, np.zeros(image.array.shape, np.uint8), at)
    windows = [grey_range(shown, modality), *([LUNG_WINDOW_HU] if modality == "CT" else [])]
    longest = max(max(_size_mm(plane)) for plane in shown)
    px_a_mm = min(LONGEST_SIDE_PX / longest, ALL_WIDTHS_PX / sum(_size_mm(plane)[1] for plane in shown))
    names = ("axial", "coronal", "sagittal")
    pictures = [
        _plane(plane, heat.values, windows, px_a_mm, name) for plane, heat, name in zip(shown, over, names, strict=True)
    ]
    switch = _SWITCH if len(windows) > 1 else Markup("")
    section.blocks.append(
        _ROW.format(planes=Markup("").join(pictures), switch=switch, keys=_keys(outlines), caption=caption)
    )


def _numbered(outlines: Outlines, shape: Sequence[int]) -> npt.NDArray[np.uint8]:
    """1 what the model found, 2 what the label map says, 3 both."""
    numbers = np.zeros(shape, np.uint8)
    for number, mask in ((1, outlines.found), (2, outlines.known)):
        if mask is not None:
            numbers[mask] += number
    return numbers


def _size_mm(plane: Plane) -> tuple[float, float]:
    rows, columns = plane.values.shape
    return rows * plane.pixel_mm[0], columns * plane.pixel_mm[1]


def _plane(plane: Plane, relative: Floats, windows: Sequence[tuple[float, float]], px_a_mm: float, name: str) -> Markup:
    rows, columns = (max(1, round(size * px_a_mm)) for size in _size_mm(plane))
    size = (columns, rows)
    images = [data_url(png(_greys(plane, window, size))) for window in windows]
    heat = np.asarray(
        Image.fromarray(np.ascontiguousarray(relative, np.float32)).resize(size, Image.Resampling.BILINEAR)
    )
    bar_mm = next((mm for mm in BARS_MM if mm * px_a_mm <= columns / 3), BARS_MM[-1])
    return _PLANE.format(
        width=columns + 48,
        letters=edge_letters(plane.letters),
        image=images[0],
        second=Markup("").join(_SECOND.format(image) for image in images[1:]),
        heat=data_url(png(painted(heat))),
        marks=data_url(png(_marks(plane, size))),
        name=name,
        bar_px=round(bar_mm * px_a_mm),
        bar_mm=bar_mm,
    )


def _greys(plane: Plane, window: tuple[float, float], size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    low, high = window
    base = grey((plane.values.astype(np.float32) - low) / (high - low))
    return np.asarray(Image.fromarray(base).resize(size, Image.Resampling.BILINEAR), np.uint8)


def _marks(plane: Plane, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    """Outlines, and at the edges where the other two planes cut this one."""
    labels = np.asarray(
        Image.fromarray(np.ascontiguousarray(plane.labels)).resize(size, Image.Resampling.NEAREST), np.uint8
    )
    marks = np.zeros((*labels.shape, 4), np.uint8)
    marks[outline((labels & 1).astype(np.uint8))] = (*FOUND, 255)
    dotted = outline((labels & 2).astype(np.uint8))
    i, j = np.indices(labels.shape)
    marks[dotted & ((i + j) % 6 < 4)] = (*KNOWN, 255)
    row, column = (
        min(length - 1, int((place + 0.5) * length / have))
        for place, length, have in zip(plane.at, labels.shape, plane.values.shape, strict=True)
    )
    tick = max(4, min(labels.shape) // 20)
    for part in (
        (row, slice(0, tick)),
        (row, slice(-tick, None)),
        (slice(0, tick), column),
        (slice(-tick, None), column),
    ):
        marks[part] = (255, 255, 255, 220)
    return marks


def _keys(outlines: Outlines) -> Markup:
    found = [
        _KEY.format(style=style, colour=colour, text=text)
        for mask, style, colour, text in (
            (outlines.found, "solid", FOUND, outlines.found_text),
            (outlines.known, "dotted", KNOWN, outlines.known_text),
        )
        if mask is not None and mask.any()
    ]
    return Markup('<div style="margin:8px 0">{}</div>').format(Markup("").join(found)) if found else Markup("")
