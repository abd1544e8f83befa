"""Pictures for viewers that show neither maps nor segments: a film under its map, a key slice with outlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import binary_dilation

from monai_app.dicom.colours import colour_of
from monai_app.dicom.film import Film, Letters
from monai_app.dicom.planes import grey_range, outline, planes
from monai_app.dicom.volume import Volume

Picture = npt.NDArray[np.uint8]

FOR_COLOUR, AGAINST_COLOUR = (255, 176, 0), (100, 143, 255)
"""Where the map speaks for and against the class (IBM's colour-blind safe palette)."""

_LONGEST_SIDE_PX = 1024
_GREATEST_OPACITY = 0.6
_STRONGEST_PERCENTILE = 99.5
"""What is shown at the greatest opacity; single pixels above do not decide the scale."""

_MARGIN_PX = 28


@dataclass(frozen=True, eq=False)
class Overlay:
    """A picture to capture.

    Attributes:
        pixels: (rows, columns, 3).
        letters: patient directions at the left, right, top and bottom edge, None where unknown.
        legend: RGB and name of what is drawn.
        caption: what is shown, free of patient data.
    """

    pixels: Picture
    letters: Letters | None
    legend: tuple[tuple[tuple[int, int, int], str], ...]
    caption: str


def film_overlay(film: Film, attribution: npt.NDArray[np.floating[Any]], *, name: str, method: str) -> Overlay:
    """A film with its map laid over it.

    Args:
        attribution: (rows, columns) over the whole film, at any resolution.
        name: of the class.
        method: of the map.
    """
    rows, columns = _size(film.pixels.shape, _LONGEST_SIDE_PX)
    grey = _resized(np.clip(film.pixels, 0, 1), (rows, columns))
    heat = _resized(attribution, (rows, columns))
    strongest = max(float(np.percentile(np.abs(heat), _STRONGEST_PERCENTILE)), 1e-12)
    opacity = _GREATEST_OPACITY * np.clip(np.abs(heat) / strongest, 0, 1)[..., None]
    colour = np.where((heat > 0)[..., None], FOR_COLOUR, AGAINST_COLOUR)
    pixels = (1 - opacity) * grey[..., None] * 255 + opacity * colour
    shown = name.replace("_", " ")
    legend = [(FOR_COLOUR, f"for {shown}")] + ([(AGAINST_COLOUR, f"against {shown}")] if heat.min() < 0 else [])
    return Overlay(pixels.round().astype(np.uint8), film.letters, tuple(legend), f"{method} of {shown}")


def slice_overlay(volume: Volume, labels: npt.NDArray[Any], names: Sequence[str], *, modality: str) -> Overlay:
    """The axial slice through the middle of what was found, with outlines.

    Args:
        labels: (I, J, K) in the volume's voxels, k the k-th name.
        modality: CT has its usual window; anything else its own range.
    """
    plane = planes(volume, labels)[0]
    low, high = grey_range([plane], modality)
    size_mm = tuple(count * step for count, step in zip(plane.values.shape, plane.pixel_mm, strict=True))
    rows, columns = _size(size_mm, _LONGEST_SIDE_PX)
    grey = _resized(np.clip((plane.values.astype(np.float32) - low) / (high - low), 0, 1), (rows, columns))
    kept = Image.fromarray(np.ascontiguousarray(plane.labels).astype(np.uint8))
    found = np.asarray(kept.resize((columns, rows), Image.Resampling.NEAREST))
    pixels = np.repeat((grey * 255).round().astype(np.uint8)[..., None], 3, axis=2)
    edge = binary_dilation(outline(found)) & (found > 0)  # two pixels are seen from a distance
    present = [int(label) for label in np.unique(found) if label]
    for label in present:
        pixels[edge & (found == label)] = colour_of(label)
    legend = tuple((colour_of(label), names[label - 1]) for label in present)
    return Overlay(pixels, plane.letters, legend, "Key slice, axial" if present else "Key slice, axial: nothing found")


def captioned(overlay: Overlay, lines: Sequence[str]) -> Picture:
    """The picture with letters beside it, legend and lines below: text covers nothing of the image."""
    height, width = overlay.pixels.shape[:2]
    font, line_px = ImageFont.load_default(size=18), 26
    wide = max(width + 2 * _MARGIN_PX, 640)
    per_row = max(wide // 260, 1)
    legend_rows = -(-len(overlay.legend) // per_row)
    below = line_px * (1 + legend_rows + len(lines)) + _MARGIN_PX // 2
    page = Image.new("RGB", (wide, height + 2 * _MARGIN_PX + below))
    left = (wide - width) // 2
    page.paste(Image.fromarray(overlay.pixels), (left, _MARGIN_PX))
    draw = ImageDraw.Draw(page)
    if overlay.letters is not None:
        middle, end = _MARGIN_PX + height // 2, left + width
        places = ((left - 14, middle), (end + 14, middle), (wide // 2, 14), (wide // 2, height + _MARGIN_PX + 14))
        for letter, place in zip(overlay.letters, places, strict=True):
            draw.text(place, letter, fill=(255, 255, 255), font=font, anchor="mm")
    top = height + 2 * _MARGIN_PX
    draw.text((12, top), overlay.caption, fill=(255, 255, 255), font=font)
    for index, (colour, name) in enumerate(overlay.legend):
        x, y = 12 + (index % per_row) * 260, top + line_px * (1 + index // per_row)
        draw.rectangle((x, y + 4, x + 14, y + 18), fill=colour)
        draw.text((x + 22, y), name, fill=(230, 230, 230), font=font)
    for index, line in enumerate(lines):
        at = top + line_px * (1 + legend_rows + index)
        draw.text((12, at), line, fill=(255, 255, 0) if index == 0 else (200, 200, 200), font=font)
    return np.asarray(page)


def _size(sides: tuple[float, ...], longest_px: int) -> tuple[int, int]:
    scale = longest_px / max(sides)
    return max(round(sides[0] * scale), 1), max(round(sides[1] * scale), 1)


def _resized(values: npt.NDArray[np.floating[Any]], size: tuple[int, int]) -> npt.NDArray[np.float32]:
    picture = Image.fromarray(np.ascontiguousarray(values, dtype=np.float32))
    return np.asarray(picture.resize((size[1], size[0]), Image.Resampling.BILINEAR))
