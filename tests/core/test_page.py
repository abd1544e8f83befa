"""Pages: one safe file, the same bytes for the same content, numbers shown as numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from monai_app.core.page import Page, Section


def plotted() -> Figure:
    figure = Figure()
    figure.subplots().plot([0, 1], [1, 0], label="ours")
    return figure


def page() -> Page:
    made = Page(title="Results", lead="What was found.", tiles=[("AUROC", "0.87")])
    made.section("Plots").text("One plot.").figure(plotted(), "A line.").figures(
        [(plotted(), "one"), (plotted(), "two")]
    )
    return made


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", '" onload="x', "a & b"])
def test_text_is_never_markup(text: str) -> None:
    made = Page(title=text, lead=text, tiles=[(text, text)])
    section = made.section(text).text(text).heading(text).table([text], [[text]]).link(text, text)
    section.columns(Section("").text(text))
    section.figure(plotted(), text)
    assert text not in made.render()


def test_same_content_gives_the_same_bytes() -> None:
    assert page().render() == page().render()


def test_figures_are_inline_with_captions() -> None:
    html = page().render()
    assert html.count("<svg") == 3 and html.count("<figcaption>") == 3


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        (float("nan"), "–"),
        (0.12345, "0.123"),
        (1234567, "1,234,567"),
        (True, "yes"),
        ("text", "text"),
        ((0.5, 0.4, 0.6), "0.500 <small>(0.400–0.600)</small>"),
        ((0.5, None, None), "0.500"),
        ((None, None, None), "–"),
    ],
)
def test_table_cell_shows_the_value_for_people(value: object, shown: str) -> None:
    assert f">{shown}</td>" in Section("x").table(["a"], [[value]]).blocks[0]


def test_page_says_what_it_is_not_for(tmp_path: Path) -> None:
    page().write(tmp_path / "report.html")
    assert "Not for diagnosis" in (tmp_path / "report.html").read_text(encoding="utf-8")
