"""Figures show the numbers that they are given, also where one is undefined."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from monai_app.benchmark.figures import drop_heat_map, kept_figure, severity_figure, weight_heat_map
from tests.benchmark.frames import clean_row, fault_row, results_of

NAMES = ["early", "draf", "draf_clean"]
RESULTS = results_of(
    [clean_row(name, "auroc", 0.8, seed) for name in NAMES for seed in (0, 1)]
    + [fault_row(name, "film", severity, value) for name in NAMES for severity, value in ((1, 0.7), (5, 0.42))]
)
UNDEFINED = results_of(
    [clean_row("early", "auroc", None), *(fault_row("early", "film", severity, None) for severity in (1, 5))]
)


def printed(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_a_severity_curve_starts_at_clean_and_ablations_are_left_out() -> None:
    (axes,) = severity_figure(RESULTS, NAMES).axes
    assert [line.get_label() for line in axes.lines] == ["early", "draf"]
    for line in axes.lines:
        np.testing.assert_allclose(np.asarray(line.get_xydata()), [[0, 0.8], [1, 0.7], [5, 0.42]])


def test_the_heat_map_prints_percent_of_clean() -> None:
    assert printed(drop_heat_map(RESULTS, NAMES)) == ["30.0"] * 3


def test_undefined_numbers_leave_gaps() -> None:
    (axes,) = severity_figure(UNDEFINED, ["early"]).axes
    assert np.isnan(np.asarray(axes.lines[0].get_ydata(), float)).all()
    assert printed(drop_heat_map(UNDEFINED, ["early"])) == []


def test_the_weight_map_shows_clean_beside_each_severity() -> None:
    rows = [clean_row("draf", "weight", 0.5, label="film")]
    rows += [fault_row("draf", "film", s, w, "weight", "film") for s, w in ((1, 0.4), (5, 0.1))]
    rows += [fault_row("draf", "film", 5, 0.9, "weight", "note")]
    assert printed(weight_heat_map(results_of(rows), "draf")) == ["0.50", "0.40", "0.10"]


def test_error_and_what_is_left_of_it_lie_on_one_line() -> None:
    rows = [clean_row(name, "error", 0.3) for name in ("early", "draf")] + [clean_row("draf", "error_kept", 0.2)]
    (axes,) = kept_figure(results_of(rows), ["early", "draf"]).axes
    whole, kept = (np.asarray(points.get_offsets()) for points in axes.collections)
    np.testing.assert_allclose(whole, [[0.3, 0]])
    np.testing.assert_allclose(kept, [[0.2, 0]])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["draf"]
