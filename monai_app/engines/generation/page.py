"""The page of an evaluation of generated films: pictures first, then every score beside its reference."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from monai_app.core.page import Page

Images = NDArray[np.float32]

_SHOWN = 24
_ACROSS = 6


def write_page(metrics: Mapping[str, Any], real: Images, drawn: Images, path: str | Path) -> None:
    """Write report.html.

    Args:
        metrics: of :func:`monai_app.engines.generation.evaluation.evaluate_generation`.
        real: films ``(N, S, S)`` of held-out cases.
        drawn: the films drawn from these cases' conditions, in the same order.
    """
    likeness = metrics["likeness"]
    page = Page(
        title=f"Synthetic films: {metrics['cohort']}",
        lead="Films drawn from conditions of held-out patients beside the real ones. Synthetic; not for diagnosis.",
        tiles=[
            ("FID", f"{likeness['generated']['fid']:.3g}", f"real against real {likeness['real_floor']['fid']:.3g}"),
            ("MMD", f"{likeness['generated']['mmd']:.4f}", f"real against real {likeness['real_floor']['mmd']:.4f}"),
            ("MS-SSIM", f"{metrics['ms_ssim']['generated']:.3f}", f"real {metrics['ms_ssim']['real']:.3f}"),
            _copy_tile(metrics["copies"]),
        ],
    )
    pictures = page.section("Real and drawn")
    pictures.figures([(grid(real), "Real, held out."), (grid(drawn), "Drawn from the same patients' conditions.")])
    drawing = metrics["drawing"]
    pictures.text(
        f"{drawing['sampler']}, {drawing['steps']} steps, guidance {drawing['guidance']:g}, told: {drawing['told']}. "
        f"Features: {metrics['feature_network']}. {metrics['n']['held_out']} held-out cases, {metrics['date']}."
    )
    _fidelity(page, metrics)
    _usefulness(page, metrics)
    _coverage(page, metrics)
    _copies(page, metrics["copies"])
    page.write(path)


def grid(images: Images) -> Figure:
    """The first films in rows of six."""
    shown = images[:_SHOWN]
    rows = -(-len(shown) // _ACROSS)
    side = images.shape[-1]
    canvas = np.ones((rows * (side + 2), _ACROSS * (side + 2)), np.float32)
    for number, image in enumerate(shown):
        top, left = (number // _ACROSS) * (side + 2), (number % _ACROSS) * (side + 2)
        canvas[top : top + side, left : left + side] = image
    figure = Figure(figsize=(6, rows), layout="constrained")
    axes = figure.subplots()
    axes.imshow(canvas, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    axes.axis("off")
    return figure


def _fidelity(page: Page, metrics: Mapping[str, Any]) -> None:
    section = page.section("Does a film show what its condition says?")
    section.text(
        "Correlation of the truth with what readers trained on real films read: from held-out films (the ceiling), "
        "from drawn ones, and from drawn ones with conditions exchanged, which must be near zero."
    )
    rows = [
        (name, value["ceiling"], (value["generated"], value["low"], value["high"]), value["shuffled"], value["n"])
        for name, value in sorted(metrics["fidelity"].items(), key=lambda pair: -pair[1]["ceiling"])
    ]
    section.table(["target", "real", "drawn", "exchanged", "n"], rows)


def _usefulness(page: Page, metrics: Mapping[str, Any]) -> None:
    section = page.section("Do drawn films train?")
    section.text("AUROC on real held-out films of linear probes trained on drawn, on as many real, and on both.")
    rows = [
        (name, value["tstr"], value["trtr"], value["both"], tuple(value["difference"]), value["positives"])
        for name, value in metrics["usefulness"].items()
    ]
    section.table(["label", "drawn", "real", "both", "drawn - real", "positives"], rows)


def _coverage(page: Page, metrics: Mapping[str, Any]) -> None:
    section = page.section("Is every group covered?")
    section.text("Share of real films with a drawn (or, as reference, a real train) film near them.")
    rows = []
    for attribute, groups in metrics["coverage"]["generated"].items():
        floor = metrics["coverage"]["real_floor"][attribute]
        rows += [(attribute, name, share, floor[name][0], n) for name, (share, n) in groups.items()]
    section.table(["attribute", "group", "drawn", "real", "n"], rows)


def _copy_tile(copies: Mapping[str, Any] | None) -> tuple[str, str, str]:
    if copies is None:
        return "Copies", "not judged", "too few held-out films"
    return "Copies", f"{copies['generated']['value']:.1%}", f"real held out {copies['held_out']['value']:.1%}"


def _copies(page: Page, copies: Mapping[str, Any] | None) -> None:
    section = page.section("Are drawn films copies of train films?")
    if copies is None:
        section.text("Not judged: there are too few held-out films of sites that training knows.")
        return
    rows = [
        (name, (copies[key]["value"], copies[key]["low"], copies[key]["high"]), copies[key]["of"])
        for name, key in (("drawn for train cases", "generated"), ("real, held out", "held_out"))
    ]
    section.table(["films", "marked as copies", "n"], rows)
    section.text(
        f"One-sided p {copies['p_value']:.2g}. Of {copies['planted']} planted copies {copies['planted_found']} were "
        f"found, of as many shifted, brighter and noisy ones {copies['altered_found']}."
    )
