from __future__ import annotations

import polars as pl

from monai_app.benchmark.attribution_figures import hit_figure, share_figure

SHARES = pl.DataFrame(
    [
        {"model": model, "statistic": "s", "label": "a", "modality": modality, "truth": 0.4, "value": 0.5}
        for model in ("early", "late")
        for modality in ("film", "note")
    ]
)


def test_a_panel_a_model() -> None:
    found = share_figure(SHARES, ["early", "late"], "s")
    assert [axes.get_title(loc="left") for axes in found.axes] == ["early", "late"]


def test_a_row_a_method_and_unknown_bounds_are_drawn_as_none() -> None:
    rows = pl.DataFrame(
        {
            "method": ["occlusion", "grad_cam"],
            "baseline": ["mean film", "its own"],
            "value": [0.8, 0.1],
            "low": [0.7, None],
            "high": [0.9, None],
            "chance": [0.1, 0.1],
            "centre": [0.2, 0.2],
        }
    )
    ticks = [tick.get_text() for tick in hit_figure(rows, "t").axes[0].get_yticklabels()]
    assert ticks == ["occlusion, mean film", "grad cam"]
