"""Self-contained HTML reports: one file, plots embedded as SVG, no script and no network."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
import matplotlib
from markupsafe import Markup
from matplotlib.figure import Figure

from monai_app.core.atomic import write_text
from monai_app.core.page_template import CSS, TEMPLATE

Tile = tuple[str, str] | tuple[str, str, str]
"""Label, value and, at will, a note below the value."""

Interval = tuple[float | None, float | None, float | None]
"""A table cell of a value with its lower and upper bound."""


@dataclass
class Section:
    """A titled part of a page, filled from top to bottom."""

    title: str
    blocks: list[Markup] = field(default_factory=list)

    def text(self, text: str) -> Section:
        """Append a paragraph."""
        self.blocks.append(Markup("<p>{}</p>").format(text))
        return self

    def heading(self, text: str) -> Section:
        """Append a small heading."""
        self.blocks.append(Markup("<h3>{}</h3>").format(text))
        return self

    def link(self, href: str, text: str) -> Section:
        """Append a paragraph that links to a file beside the page."""
        self.blocks.append(Markup('<p><a href="{}">{}</a></p>').format(href, text))
        return self

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Section:
        """Append a table.

        Numbers are right-aligned, floats shown with three decimals, None and NaN as a dash, a tuple (value, low, high)
        as a value with its interval.
        """
        numeric = [bool(rows) and all(_is_number(row[index]) for row in rows) for index in range(len(header))]
        head = Markup("").join(
            Markup('<th class="n">{}</th>' if right else "<th>{}</th>").format(name)
            for name, right in zip(header, numeric, strict=True)
        )
        body = Markup("").join(
            Markup("<tr>{}</tr>").format(Markup("").join(_cell(value) for value in row)) for row in rows
        )
        self.blocks.append(
            Markup('<div class="scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>').format(
                head, body
            )
        )
        return self

    def figure(self, figure: Figure, caption: str = "") -> Section:
        """Append a matplotlib figure as inline SVG with a caption."""
        self.blocks.append(_figure(figure, caption))
        return self

    def figures(self, figures: Sequence[tuple[Figure, str]]) -> Section:
        """Append figures with captions side by side, as many in a row as there is room for."""
        blocks = Markup("").join(_figure(figure, caption) for figure, caption in figures)
        self.blocks.append(Markup('<div class="grid">{}</div>').format(blocks))
        return self

    def columns(self, *parts: Section) -> Section:
        """Append the blocks of other sections side by side; their titles are not shown."""
        cells = Markup("").join(Markup("<div>{}</div>").format(Markup("").join(part.blocks)) for part in parts)
        self.blocks.append(Markup('<div class="columns">{}</div>').format(cells))
        return self


@dataclass
class Page:
    """A report: a title, one explaining sentence, headline tiles and sections."""

    title: str
    lead: str
    tiles: list[Tile] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    footer: str = "Research software. Not for diagnosis."

    def section(self, title: str) -> Section:
        """Append and return a new section."""
        self.sections.append(Section(title))
        return self.sections[-1]

    def render(self) -> str:
        """The page as one HTML document."""
        environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
        return environment.from_string(TEMPLATE).render(page=self, css=Markup(CSS))

    def write(self, path: str | Path) -> None:
        """Write the page atomically."""
        write_text(path, self.render())


def _figure(figure: Figure, caption: str) -> Markup:
    stream = io.StringIO()
    with matplotlib.rc_context({"svg.hashsalt": "monai-app"}):
        figure.savefig(stream, format="svg", bbox_inches="tight", metadata={"Date": None})
    svg = stream.getvalue()
    svg = svg[svg.index("<svg") :]
    note = Markup("<figcaption>{}</figcaption>").format(caption) if caption else Markup("")
    return Markup("<figure>{}{}</figure>").format(Markup(svg), note)


def figure_png(figure: Figure, *, dots_per_inch: int = 110) -> bytes:
    """A figure as PNG; equal figures give equal bytes."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=dots_per_inch, metadata={"Software": None})
    return stream.getvalue()


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, tuple) or (isinstance(value, int | float) and not isinstance(value, bool))


def _cell(value: Any) -> Markup:
    if value is None or value != value:  # not a number is not equal to itself
        return Markup('<td class="n">–</td>')
    if isinstance(value, tuple):
        return _interval_cell(value)
    if isinstance(value, bool):
        return Markup("<td>{}</td>").format("yes" if value else "no")
    if isinstance(value, float):
        return Markup('<td class="n">{}</td>').format(f"{value:.3f}")
    if isinstance(value, int):
        return Markup('<td class="n">{}</td>').format(f"{value:,}")
    return Markup("<td>{}</td>").format(value)


def _interval_cell(interval: Interval) -> Markup:
    value, low, high = interval
    if value is None or value != value:
        return Markup('<td class="n">–</td>')
    digits = 3 if abs(value) < 10 else 1
    if low is None or high is None:
        return Markup('<td class="n">{}</td>').format(f"{value:.{digits}f}")
    bounds = f"({low:.{digits}f}–{high:.{digits}f})"
    return Markup('<td class="n">{} <small>{}</small></td>').format(f"{value:.{digits}f}", bounds)
