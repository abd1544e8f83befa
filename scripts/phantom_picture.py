"""Draw docs/images/phantom.png: films, CT, MR and vital signs of simulated patients.

python scripts/phantom_picture.py docs/images/phantom.png
"""

from __future__ import annotations

import io
import sys
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from PIL import Image

from monai_app.core.atomic import write_bytes
from monai_app.phantom.ct import take_ct
from monai_app.phantom.film import invert, take_film
from monai_app.phantom.information import INDEX
from monai_app.phantom.mr import take_mr
from monai_app.phantom.patient import draw_patient
from monai_app.phantom.series import draw_series

FILMS = (
    (299, "PA"),
    (849, "AP portable, large heart"),
    (423, "consolidation"),
    (497, "effusion"),
    (268, "pneumothorax"),
)
"""Patients of seed 0 and what their films show."""

_CT_PATIENT, _COLOURS = 2, 96
_ORGAN_COLOURS = ("black", "#555555", "#4c78a8", "#72b7b2", "#9d755d", "#e45756", "#f58518", "#88d27a", "#b279a2",
                  "#eeca3b", "#ffffff")  # fmt: skip


def main(out: str) -> None:
    """Draw the picture and write it as a palette PNG."""
    figure = Figure(figsize=(15.0, 7.0), facecolor="black", dpi=96)
    axes = figure.subplots(2, 5)
    for place, (number, title) in zip(axes[0], FILMS, strict=True):
        film = take_film(replace(draw_patient(0, number), corruptions={}))
        _show(place, invert(film.pixels) if film.monochrome1 else film.pixels, 0, 4095, title)
    patient = draw_patient(0, _CT_PATIENT)
    ct, mr = take_ct(patient), take_mr(patient)
    _show(axes[1, 0], ct.values[36], -1000, 400, "CT")
    _show(axes[1, 1], ct.values[:, 92], -1000, 400, "CT, coronal", aspect=4.0 / 2.1)
    _show(axes[1, 2], ct.organs[36], 0, len(_ORGAN_COLOURS) - 1, "organ labels", colours=ListedColormap(_ORGAN_COLOURS))
    _show(axes[1, 3], mr.values[20], 0, 1000, "T1-like MR")
    _plot_series(axes[1, 4])
    figure.subplots_adjust(0.005, 0.05, 0.97, 0.95, 0.03, 0.1)
    stream = io.BytesIO()
    figure.savefig(stream, format="png", facecolor="black")
    picture = Image.open(stream).convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE)
    small = io.BytesIO()
    picture.save(small, "PNG", optimize=True)
    write_bytes(out, small.getvalue())


def _show(
    axes: Axes,
    image: np.ndarray,
    low: float,
    high: float,
    title: str,
    *,
    colours: str | ListedColormap = "gray",
    aspect: float = 1.0,
) -> None:
    axes.imshow(image, cmap=colours, vmin=low, vmax=high, aspect=aspect, interpolation="antialiased")
    axes.set_title(title, color="white", fontsize=10, pad=4)
    axes.axis("off")


def _plot_series(axes: Axes) -> None:
    """Heart rate of a patient who deteriorates, and of the same one recovering."""
    base = replace(draw_patient(0, 5), corruptions={})
    courses = {"worse": 2.0, "better": -2.0}
    for name, course in courses.items():
        latents = base.latents.copy()
        latents[INDEX["series_course"]] = course
        series = draw_series(replace(base, latents=latents))
        chosen = series.code == "HR"
        colour = "#f58518" if course > 0 else "#72b7b2"
        axes.plot(
            series.hours[chosen], series.value[chosen], ".-", color=colour, markersize=3, linewidth=0.7, label=name
        )
    axes.set_title("heart rate over 48 h", color="white", fontsize=10, pad=4)
    axes.set_facecolor("black")
    axes.tick_params(colors="white", labelsize=7)
    axes.yaxis.tick_right()
    axes.legend(fontsize=7, facecolor="black", labelcolor="white", edgecolor="gray")
    for spine in axes.spines.values():
        spine.set_color("gray")


if __name__ == "__main__":
    main(sys.argv[1])
