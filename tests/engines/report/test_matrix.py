"""Confusion matrices show counts and the share of each true class."""

from __future__ import annotations

from monai_app.engines.report.matrix import confusion_figure


def test_cells_show_counts_and_shares_of_the_row() -> None:
    axes = confusion_figure([[1500, 500], [0, 0]], ["negative", "positive"], title="Decisions").axes[0]
    assert [text.get_text() for text in axes.texts] == ["1,500\n75 %", "500\n25 %", "0\n0 %", "0\n0 %"]
    assert axes.get_xlabel() == "Decided (n = 2,000)"


def test_stronger_cells_are_darker() -> None:
    axes = confusion_figure([[9, 1], [5, 5]], ["a", "b"], title="").axes[0]
    brightness = [sum(patch.get_facecolor()[:3]) for patch in axes.patches]
    assert brightness[0] < brightness[2] == brightness[3] < brightness[1]
