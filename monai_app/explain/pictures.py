"""Pictures of maps: films with an overlay, time courses with a heat line, bars of values and of modalities.

Orange speaks for the label, purple against it: a pair that is told apart with every common colour blindness
(ColorBrewer PuOr). No colour stands alone; signs and numbers say the same.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence

import matplotlib
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from PIL import Image
from scipy.ndimage import gaussian_filter

Floats = npt.NDArray[np.float32]
Bytes = npt.NDArray[np.uint8]

COLOURS = matplotlib.colormaps["PuOr_r"]
FOR, AGAINST = "#c4610a", "#5e3c99"
STRONGEST = 99.5
"""Percentile of absolute values that has the full colour."""

FAINT = 0.12
"""Below this part of the full colour nothing is painted: what is everywhere hides what is somewhere."""

SMOOTHING = 0.015
"""Standard deviation, in sides of the film, of the smoothing for display: single pixels look like noise."""


def strength(values: Floats) -> float:
    """The absolute value that gets the full colour."""
    found = float(np.percentile(np.abs(values), STRONGEST)) if values.size else 0.0
    return found or float(np.abs(values).max(initial=0.0)) or 1.0


def heat(values: Floats) -> Bytes:
    """A map (H, W) as colours (H, W, 4): the stronger, the less transparent."""
    smooth = gaussian_filter(values.astype(np.float32), SMOOTHING * max(values.shape))
    return painted(smooth / strength(smooth))


def painted(relative: Floats) -> Bytes:
    """Values (H, W), of which 1 and -1 have the full colour, as colours (H, W, 4)."""
    told = np.clip(relative, -1, 1)
    colours = COLOURS((told + 1) / 2)
    colours[..., 3] = np.clip((np.abs(told) - FAINT) / (1 - FAINT), 0, 1) ** 0.8
    coloured: Bytes = np.round(255 * colours).astype(np.uint8)
    return coloured


def grey(film: Floats) -> Bytes:
    """A film (H, W) in [0, 1] as bytes."""
    shown: Bytes = np.round(255 * np.clip(film, 0, 1)).astype(np.uint8)
    return shown


def overlaid(film: Floats, values: Floats, opacity: float = 0.65) -> Bytes:
    """Film and map of one grid as one picture (H, W, 3)."""
    colour = heat(values).astype(np.float32)
    alpha = opacity * colour[..., 3:] / 255
    mixed: Bytes = np.round((1 - alpha) * grey(film)[..., None] + alpha * colour[..., :3]).astype(np.uint8)
    return mixed


def png(pixels: Bytes) -> bytes:
    """PNG bytes of grey (H, W), RGB or RGBA (H, W, 3 or 4)."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="PNG")
    return stream.getvalue()


def data_url(picture: bytes) -> str:
    """PNG bytes as the source of an image inside a page."""
    return "data:image/png;base64," + base64.b64encode(picture).decode()


def course(
    title: str, hours: Floats, values: Floats, measured: npt.NDArray[np.bool_], worth: Floats, most: float
) -> Figure:
    """One channel over time: dots where it was measured, a line where it was carried, the attribution as a band.

    Args:
        title: name and unit.
        hours: (T,) before the prediction, negative.
        values: (T,) NaN unknown.
        measured: (T,).
        worth: (T,) attribution.
        most: attribution that has the full colour.
    """
    figure = Figure(figsize=(5.2, 1.75), layout="constrained")
    axes: Axes = figure.add_subplot()
    step = float(hours[1] - hours[0]) if len(hours) > 1 else 1.0
    extent = (float(hours[0]) - step / 2, float(hours[-1]) + step / 2)
    known = values[np.isfinite(values)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    room = 0.15 * (high - low) or max(1.0, 0.1 * abs(high))
    axes.imshow(
        worth[None],
        aspect="auto",
        cmap=COLOURS,
        norm=Normalize(-most, most),
        extent=(*extent, low - room, high + room),
        interpolation="nearest",
    )
    axes.step(hours, values, where="mid", color="#333333", linewidth=1.0)
    axes.plot(
        hours[measured],
        values[measured],
        "o",
        color="#111111",
        markersize=4,
        markeredgecolor="white",
        markeredgewidth=0.7,
    )
    axes.set_xlim(*extent)
    axes.set_ylim(low - room, high + room)
    axes.set_title(f"{title}   ({float(worth.sum()):+.2f})", fontsize=9, loc="left")
    axes.set_xlabel("hours before the prediction", fontsize=8)
    axes.tick_params(labelsize=8)
    return figure


def bars(names: Sequence[str], values: Sequence[float], unit: str, *, width: float = 6.2) -> Figure:
    """Signed bars with their numbers, the first on top."""
    figure = Figure(figsize=(width, 0.55 + 0.33 * max(1, len(names))), layout="constrained")
    axes: Axes = figure.add_subplot()
    places = np.arange(len(names))[::-1]
    axes.barh(places, values, color=[FOR if value >= 0 else AGAINST for value in values], height=0.62)
    most = max((abs(value) for value in values), default=0.0) or 1.0
    for place, value in zip(places, values, strict=True):
        side = 1 if value >= 0 else -1
        axes.text(
            value + side * 0.02 * most,
            place,
            f"{value:+.2f}",
            va="center",
            ha="left" if side > 0 else "right",
            fontsize=8,
        )
    axes.axvline(0, color="#333333", linewidth=0.8)
    axes.set_yticks(places, list(names), fontsize=9)
    axes.set_xlim(min(0.0, *values, 0.0) - 0.3 * most, max(0.0, *values, 0.0) + 0.3 * most)
    axes.set_xlabel(f"moves the score by ({unit}); right speaks for, left against", fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    for side_name in ("top", "right", "left"):
        axes.spines[side_name].set_visible(False)
    return figure


Whiskers = Sequence[Sequence[float]] | None
"""The ends of an interval for each bar."""


def share_bars(names: Sequence[str], shares: Sequence[float], whiskers: Whiskers = None) -> Figure:
    """Parts of a whole as bars from zero, with their intervals."""
    figure = Figure(figsize=(6.2, 0.55 + 0.33 * len(names)), layout="constrained")
    axes: Axes = figure.add_subplot()
    places = np.arange(len(names))[::-1]
    axes.barh(places, shares, color="#8a8f98", height=0.62)
    for row, (place, share) in enumerate(zip(places, shares, strict=True)):
        _whisker(axes, float(place), 0.0, whiskers[row] if whiskers else None)
        right = max(share, whiskers[row][1]) if whiskers else share
        axes.text(right + 0.015, place, f"{share:.0%}", va="center", fontsize=9)
    axes.set_yticks(places, list(names), fontsize=9)
    axes.set_xlim(0, 1.1)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "25 %", "50 %", "75 %", "100 %"], fontsize=8)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return figure


def _whisker(axes: Axes, place: float, start: float, ends: Sequence[float] | None) -> None:
    """An interval from a bar's start."""
    if ends is None:
        return
    low, high = start + ends[0], start + ends[1]
    for colour, width in (("white", 2.8), ("#111111", 1.1)):  # a white edge, or it drowns in a dark bar
        axes.errorbar(
            [(low + high) / 2],
            [place],
            xerr=[(high - low) / 2],
            color=colour,
            linewidth=width,
            capsize=4,
            capthick=width,
        )


def waterfall(
    names: Sequence[str],
    values: Sequence[float],
    start: float,
    unit: str,
    ends: tuple[str, str],
    whiskers: Whiskers = None,
) -> Figure:
    """From the prior to the prediction, one step a modality.

    Args:
        start: the prior's score.
        ends: what to write at the start and at the end.
        whiskers: intervals of the steps, drawn from where each step starts.
    """
    figure = Figure(figsize=(7.2, 0.9 + 0.42 * (len(names) + 2)), layout="constrained")
    axes: Axes = figure.add_subplot()
    rows = [f"before: {ends[0]}", *names, f"prediction: {ends[1]}"]
    places = np.arange(len(rows))[::-1]
    reached = start + np.concatenate([[0.0], np.cumsum(values)])
    for row, value in enumerate(values):
        axes.barh(places[row + 1], value, left=reached[row], color=FOR if value >= 0 else AGAINST, height=0.6)
        axes.plot(
            [reached[row + 1]] * 2, [places[row + 1] + 0.3, places[row + 2] - 0.3], color="#777777", linewidth=0.8
        )
        _whisker(axes, float(places[row + 1]), float(reached[row]), whiskers[row] if whiskers else None)
        middle = max(reached[row], reached[row + 1], *([reached[row] + whiskers[row][1]] if whiskers else []))
        axes.annotate(
            f"{value:+.2f}", (middle, places[row + 1]), (4, 0), textcoords="offset points", va="center", fontsize=9
        )
    for place, value in ((places[0], reached[0]), (places[-1], reached[-1])):
        axes.plot([value, value], [place - 0.3, place + 0.3], color="#111111", linewidth=3)
    tips = [reached[row] + end for row, pair in enumerate(whiskers or []) for end in pair]
    low, high = min(*reached.tolist(), *tips), max(*reached.tolist(), *tips)
    spread = (high - low) or 1.0
    axes.set_xlim(low - 0.1 * spread, high + 0.2 * spread)
    axes.set_yticks(places, rows, fontsize=9)
    axes.set_xlabel(unit, fontsize=8)
    axes.tick_params(axis="x", labelsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return figure
