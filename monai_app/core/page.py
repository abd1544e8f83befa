"""Self-contained HTML reports: one file, plots embedded as SVG, no script and no network."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup
from matplotlib.figure import Figure

from monai_app.core.atomic import write_text

_TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ page.title }}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root{--ink:#1d2733;--soft:#5b6b7c;--line:#dfe5ec;--accent:#1f5fa8;--paper:#fff;--wash:#f5f7fa}
*{box-sizing:border-box}body{margin:0;font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;color:var(--ink);background:var(--wash)}
main{max-width:1120px;margin:0 auto;padding:28px 24px 64px}h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:0 0 10px}
p.lead{color:var(--soft);margin:0 0 20px;max-width:75ch}section{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:16px 0}
section p{margin:4px 0 10px;max-width:90ch}.tiles{display:flex;flex-wrap:wrap;gap:12px;margin:16px 0}.tile{background:var(--paper);border:1px solid var(--line);border-radius:10px;padding:12px 16px;min-width:150px}
.tile b{display:block;font-size:22px}.tile span{color:var(--soft);font-size:13px}.scroll{overflow-x:auto}table{border-collapse:collapse;font-size:14px}
th,td{padding:5px 12px 5px 0;border-bottom:1px solid var(--line);text-align:left;white-space:nowrap}th{color:var(--soft);font-weight:600}td.n{text-align:right;font-variant-numeric:tabular-nums}
figure{margin:10px 0;display:inline-block;vertical-align:top}figure svg{max-width:100%;height:auto}figcaption{color:var(--soft);font-size:13px;max-width:70ch}
.ok{color:#176f3b}.bad{color:#a8321f;font-weight:600}footer{color:var(--soft);font-size:13px;margin-top:24px}
</style></head><body><main>
<h1>{{ page.title }}</h1><p class="lead">{{ page.lead }}</p>
{% if page.tiles %}<div class="tiles">{% for label, value in page.tiles %}<div class="tile"><b>{{ value }}</b><span>{{ label }}</span></div>{% endfor %}</div>{% endif %}
{% for section in page.sections %}<section><h2>{{ section.title }}</h2>
{% for block in section.blocks %}{{ block }}{% endfor %}</section>{% endfor %}
<footer>{{ page.footer }}</footer></main></body></html>
"""


@dataclass
class Section:
    """A titled part of a page, filled from top to bottom."""

    title: str
    blocks: list[Markup] = field(default_factory=list)

    def text(self, text: str) -> Section:
        """Append a paragraph."""
        self.blocks.append(Markup("<p>{}</p>").format(text))
        return self

    def table(self, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Section:
        """Append a table; numbers are right-aligned, floats shown with three decimals, None as a dash."""
        head = Markup("").join(Markup("<th>{}</th>").format(name) for name in header)
        body = Markup("").join(
            Markup("<tr>{}</tr>").format(Markup("").join(_cell(value) for value in row)) for row in rows
        )
        self.blocks.append(
            Markup('<div class="scroll"><table><thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>').format(head, body)
        )
        return self

    def figure(self, figure: Figure, caption: str) -> Section:
        """Append a matplotlib figure as inline SVG with a caption."""
        stream = io.StringIO()
        figure.savefig(stream, format="svg", bbox_inches="tight", metadata={"Date": None})
        svg = stream.getvalue()
        svg = svg[svg.index("<svg") :]
        self.blocks.append(Markup("<figure>{}<figcaption>{}</figcaption></figure>").format(Markup(svg), caption))
        return self


@dataclass
class Page:
    """A report: a title, one explaining sentence, headline tiles and sections."""

    title: str
    lead: str
    tiles: list[tuple[str, str]] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)
    footer: str = "Research software. Not for diagnosis."

    def section(self, title: str) -> Section:
        """Append and return a new section."""
        self.sections.append(Section(title))
        return self.sections[-1]

    def render(self) -> str:
        """The page as one HTML document."""
        environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
        return environment.from_string(_TEMPLATE).render(page=self)

    def write(self, path: str | Path) -> None:
        """Write the page atomically."""
        write_text(path, self.render())


def _cell(value: Any) -> Markup:
    if value is None:
        return Markup('<td class="n">–</td>')
    if isinstance(value, bool):
        return Markup("<td>{}</td>").format("yes" if value else "no")
    if isinstance(value, float):
        return Markup('<td class="n">{}</td>').format(f"{value:.3f}")
    if isinstance(value, int):
        return Markup('<td class="n">{}</td>').format(f"{value:,}")
    return Markup("<td>{}</td>").format(value)
