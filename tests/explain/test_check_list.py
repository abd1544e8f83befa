from __future__ import annotations

from monai_app.core.page import Section
from monai_app.explain.check_list import add_checks


def test_every_check_is_marked_and_counted_under_the_title_of_its_map() -> None:
    section = Section("checks")
    add_checks(section, {"Film": [("adds up", "within 1 %", True), ("is <stable>", "no", False), ("x", "?", None)]})
    text = "".join(section.blocks)
    assert "Film: 1 of 2 checks passed" in text
    assert [text.count(mark) for mark in ("✓ yes", "✗ no", "– cannot be told")] == [1, 1, 1]
    assert "Is &lt;stable&gt;" in text
