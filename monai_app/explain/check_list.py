"""The checks of every map as a list that can be read at a glance: passed, failed, cannot be told."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from monai_app.core.page import Section
from monai_app.explain.sentences import Check, verdict


def add_checks(section: Section, rows: Mapping[str, list[Check]]) -> None:
    """Fill the section that says whether maps can be believed.

    Args:
        rows: checks by the title of their map.
    """
    section.text(
        "Each map is tested on this very case. A map that fails does not show what the model used: do not read it. A"
        " map that passes may still show something irrelevant: then the model is at fault, not the map."
    )
    for title, found in rows.items():
        section.heading(f"{title}: {verdict(found)}")
        section.blocks.append(_check_list(found))


def _check_list(rows: list[Check]) -> Markup:
    marks = {True: ("ok", "✓ yes"), False: ("bad", "✗ no"), None: ("", "– cannot be told")}
    items = Markup("").join(
        Markup('<tr><td class="{}">{}</td><td style="white-space:normal"><b>{}</b><br>{}</td></tr>').format(
            marks[passed][0], marks[passed][1], what[:1].upper() + what[1:], result
        )
        for what, result, passed in rows
    )
    return Markup('<div class="scroll"><table><tbody>{}</tbody></table></div>').format(items)
