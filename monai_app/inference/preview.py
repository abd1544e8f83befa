"""A picture of a segmentation: three planes through what was found, outlines, orientation letters, legend and scale."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from monai_app.dicom.colours import COLOURS
from monai_app.dicom.planes import BARS_MM, Plane, grey_range, outline, planes
from monai_app.dicom.volume import Volume

_PANEL_PX, _GAP_PX, _LINE_PX = 360, 12, 20
_WHITE = (255, 255, 255)
_MARGIN_PX, _BAR_PX = 20, 16


def preview(
    volume: Volume, labels: np.ndarray, structures: Sequence[str], volumes_ml: Sequence[float], *, modality: str
) -> bytes:
    """The picture as PNG.

    Args:
        structures: names of labels 1, 2, ...
        volumes_ml: of each.
        modality: CT has its usual window; anything else its own range.
    """
    shown = planes(volume, labels)
    low, high = grey_range(shown, modality)
    panels = [_panel(plane, low, high) for plane in shown]
    present = [index for index, millilitres in enumerate(volumes_ml) if millilitres > 0]
    per_row = 4
    legend_px = _LINE_PX * (1 + -(-len(present) // per_row)) + _GAP_PX
    height = max(panel.height for panel in panels)
    page = Image.new("RGB", (3 * _PANEL_PX + 4 * _GAP_PX, height + 2 * _GAP_PX + legend_px))
    for index, panel in enumerate(panels):
        left = _GAP_PX + index * (_PANEL_PX + _GAP_PX) + (_PANEL_PX - panel.width) // 2
        page.paste(panel, (left, _GAP_PX + (height - panel.height) // 2))
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(size=14)
    for place, index in enumerate(present):
        left = _GAP_PX + (place % per_row) * (page.width - 2 * _GAP_PX) // per_row
        top = height + 2 * _GAP_PX + _LINE_PX * (place // per_row)
        draw.rectangle((left, top + 3, left + 12, top + 15), fill=COLOURS[index % len(COLOURS)])
        text = f"{structures[index].replace('_', ' ')}  {volumes_ml[index]:.1f} mL"
        draw.text((left + 18, top), text, fill=(230, 230, 230), font=font)
    note = "not for diagnosis" if present else "nothing found - not for diagnosis"
    draw.text((_GAP_PX, page.height - _LINE_PX), note, fill=(150, 150, 150), font=font)
    stream = BytesIO()
    page.save(stream, "PNG")
    return stream.getvalue()


def _panel(plane: Plane, low: float, high: float) -> Image.Image:
    """Grey values with outlines, letters and a scale bar, its longer side as long as a panel."""
    size_mm = [count * step for count, step in zip(plane.values.shape, plane.pixel_mm, strict=True)]
    px_a_mm = (_PANEL_PX - 2 * _MARGIN_PX) / max(size_mm)
    rows, columns = (max(round(size * px_a_mm), 1) for size in size_mm)
    grey = np.clip((plane.values.astype(np.float32) - low) / (high - low), 0, 1) * 255
    picture = Image.fromarray(grey.astype(np.uint8)).resize((columns, rows), Image.Resampling.BILINEAR)
    labels = np.asarray(
        Image.fromarray(np.ascontiguousarray(plane.labels)).resize((columns, rows), Image.Resampling.NEAREST)
    )
    pixels = np.array(picture.convert("RGB"))
    edge = outline(labels)
    for label in np.unique(labels[edge]):
        pixels[edge & (labels == label)] = COLOURS[(int(label) - 1) % len(COLOURS)]
    panel = Image.new("RGB", (columns + 2 * _MARGIN_PX, rows + 2 * _MARGIN_PX + _BAR_PX))
    panel.paste(Image.fromarray(pixels), (_MARGIN_PX, _MARGIN_PX))
    _annotate(panel, plane.letters, px_a_mm)
    return panel


def _annotate(panel: Image.Image, letters: tuple[str, str, str, str], px_a_mm: float) -> None:
    """Letters and scale stand beside the picture, so that they cover nothing and fit a thin slab."""
    draw, font = ImageDraw.Draw(panel), ImageFont.load_default(size=16)
    width, height, edge = panel.width, panel.height - _BAR_PX, _MARGIN_PX // 2
    places = ((edge, height // 2), (width - edge, height // 2), (width // 2, edge), (width // 2, height - edge))
    for letter, place in zip(letters, places, strict=True):
        draw.text(place, letter, fill=_WHITE, font=font, anchor="mm")
    bar_mm = next((mm for mm in BARS_MM if mm * px_a_mm <= (width - 2 * _MARGIN_PX) / 3), BARS_MM[-1])
    end, level = _MARGIN_PX + round(bar_mm * px_a_mm), panel.height - _BAR_PX // 2
    draw.line((_MARGIN_PX, level, end, level), fill=_WHITE, width=3)
    draw.text((end + 6, level), f"{bar_mm} mm", fill=_WHITE, font=ImageFont.load_default(size=12), anchor="lm")
