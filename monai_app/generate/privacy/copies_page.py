"""The report of a copy test: rates, distances, and the closest pairs side by side. It shows films: keep it at home."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from monai_app.core.page import Page
from monai_app.generate.privacy.copies import CopyTest, Rate


def copies_page(
    test: CopyTest, generated: NDArray[np.float32], train: NDArray[np.float32], *, embedding: str, pairs: int = 8
) -> Page:
    """The whole page.

    Args:
        generated: films (N, S, S) of the test.
        train: likewise.
        embedding: what distances were measured in.
        pairs: closest ones that are shown.
    """
    verdict = "no more often than" if test.passed else "more often than"
    page = Page(
        "Copies of training films",
        f"A generated film counts as a copy where it lies within {test.threshold:.3g} of a training film ({embedding})."
        f" Generated films do so {verdict} real films of patients that were not trained on."
        + ("" if test.sees_copies else " BUT the test missed copies that were planted: it is blind here."),
        tiles=[
            ("generated films marked", _share(test.generated), f"{test.generated.marked} of {test.generated.of}"),
            ("real held-out films marked", _share(test.held_out), f"{test.held_out.marked} of {test.held_out.of}"),
            ("planted copies found", f"{test.planted_found} of {test.planted}", "exact ones; must be all"),
            ("altered copies found", f"{test.altered_found} of {test.planted}", "shifted, brighter, noisy"),
        ],
    )
    section = page.section("Rates")
    rows = [
        ["generated, marked as copies", _cell(test.generated)],
        ["real held-out, marked as copies", _cell(test.held_out)],
        ["generated, closer to train than to held-out", _cell(test.closer_to_train)],
    ]
    section.table(["films", "share, exact 95 % interval"], rows)
    section.text(f"One-sided p of the first two: {test.p_value:.3g}. Without memory the third is one half.")
    section.figure(
        _distances(test), "Distance of generated films to their nearest training film; the line marks copies."
    )
    closest = np.argsort(test.distance, kind="stable")[:pairs]
    shown = page.section("The closest pairs")
    shown.text("Left generated, right its nearest training film. Look: a small distance is not always a copy.")
    shown.figures(
        [
            (_pair(generated[index], train[test.nearest[index]]), f"distance {test.distance[index]:.3g}")
            for index in closest
        ]
    )
    return page


def _share(rate: Rate) -> str:
    return f"{rate.value:.1%}"


def _cell(rate: Rate) -> tuple[float, float, float]:
    return rate.value, rate.low, rate.high


def _distances(test: CopyTest) -> Figure:
    figure = Figure(figsize=(6, 2.4))
    axes = figure.subplots()
    axes.hist(test.distance, bins=40, color="#1f5fa8")
    axes.axvline(test.threshold, color="#a8321f")
    axes.set_xlabel("distance")
    axes.set_ylabel("films")
    return figure


def _pair(left: NDArray[np.float32], right: NDArray[np.float32]) -> Figure:
    figure = Figure(figsize=(4, 2.05))
    for axes, film in zip(figure.subplots(1, 2), (left, right), strict=True):
        axes.imshow(film, cmap="gray", vmin=0, vmax=1)
        axes.set_axis_off()
    figure.subplots_adjust(0, 0, 1, 1, 0.02, 0)
    return figure
