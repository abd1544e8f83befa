"""Forest plots: a line a row, n beside the name, no mark where nothing was scored."""

from __future__ import annotations

from monai_app.engines.report.forest import ForestRow, forest_figure

SCORED = {"value": 0.8, "low": 0.7, "high": 0.9}
UNSCORED = {"value": None, "low": None, "high": None}


def test_each_row_states_its_name_and_n() -> None:
    rows = [ForestRow("all", SCORED, 1200), ForestRow("sex"), ForestRow("F", UNSCORED, 9)]
    figure = forest_figure(rows, x="AUROC")
    texts = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    assert texts == ["all   n = 1,200", "sex", "F   n = 9   not scored"]
    assert len(figure.axes[0].lines) == 2, "an interval and a point, of the scored row only"


def test_reference_is_one_more_line() -> None:
    rows = [ForestRow("all", SCORED, 3)]
    assert (
        len(forest_figure(rows, x="", reference=0.8).axes[0].lines) == len(forest_figure(rows, x="").axes[0].lines) + 1
    )
