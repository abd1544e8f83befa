"""Plots show what they are given: as many bars, in the order that a reader needs."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from monai_app.cohort.check.counts import label_counts
from monai_app.cohort.check.plots import coverage_plot, overlap_plot, prevalence_plot, rhythm_plot
from monai_app.cohort.store import Cohort


def texts(figure: Any) -> str:
    return " | ".join(text.get_text() for axes in figure.axes for text in axes.texts)


def test_prevalence_has_a_bar_for_every_rate(cohort: Cohort) -> None:
    counts = [count for count in label_counts(cohort) if count.task == "diagnosis"]
    figure = prevalence_plot(counts, title="diagnosis")
    assert len(figure.axes[0].patches) == sum(count.rate is not None for count in counts)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["pneumonia", "oedema"]


def test_overlap_counts_the_samples_of_each_combination() -> None:
    rows = {"film": [True, False], "note": [True, True], "samples": [30, 10], "share": [0.75, 0.25]}
    splits = {"train": [20, 10], "tuning": [5, 0], "held_out": [5, 0]}
    figure = overlap_plot(pl.DataFrame(rows | splits), ["film", "note"])
    assert "30\n75.0 %" in texts(figure) and "10\n25.0 %" in texts(figure)
    assert sum(bar.get_height() for bar in figure.axes[0].patches) == 40


def test_overlap_shows_only_the_commonest_combinations() -> None:
    table = {"film": [True] * 5, "samples": [5, 4, 3, 2, 1], "share": [0.2] * 5}
    table |= {split: [1] * 5 for split in ("train", "tuning", "held_out")}
    assert "2\n" not in texts(overlap_plot(pl.DataFrame(table), ["film"], limit=3))


def test_rhythm_is_the_sum_over_channels_at_each_step() -> None:
    (stairs,) = rhythm_plot(np.array([[1.0, 0.5], [0.0, 0.25]]), hours=2).axes[0].patches
    np.testing.assert_allclose(stairs.get_data().values, [1.5, 0.25])
    np.testing.assert_allclose(stairs.get_data().edges, [-2, -1, 0])


def test_coverage_is_sorted_by_how_often_a_channel_is_known() -> None:
    axes = coverage_plot(["rare", "usual"], np.array([0.1, 0.9]), np.array([0.05, 0.5])).axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["usual", "rare"]
    assert "90.0 %   (50.0 %)" in [text.get_text() for text in axes.texts]
