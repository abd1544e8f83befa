"""Rates with their intervals, for every kind of task."""

from __future__ import annotations

import pytest

from monai_app.cohort.check.counts import LabelCount, cohort_counts, label_counts
from monai_app.cohort.store import Cohort


@pytest.fixture
def counts(cohort: Cohort) -> dict[tuple[str, str, str], LabelCount]:
    return {(count.task, count.label, count.split): count for count in label_counts(cohort)}


def test_every_label_is_counted_in_every_split(counts: dict[tuple[str, str, str], LabelCount]) -> None:
    assert len(counts) == 3 * (1 + 2 + 3 + 1 + 1)


def test_a_rate_has_wilsons_interval(counts: dict[tuple[str, str, str], LabelCount]) -> None:
    death = counts["death", "death", "train"]
    assert (death.n, death.positive, death.rate) == (2, 1, 0.5)
    assert (death.low, death.high) == pytest.approx((0.0945, 0.9055), abs=1e-4)


def test_unlabelled_samples_do_not_count(counts: dict[tuple[str, str, str], LabelCount]) -> None:
    assert counts["diagnosis", "oedema", "train"].n == 1
    assert counts["place", "unit", "train"].n == 1 and counts["place", "unit", "train"].positive == 1


def test_numbers_have_quartiles(counts: dict[tuple[str, str, str], LabelCount]) -> None:
    assert counts["stay", "stay", "tuning"].median == 10 and counts["stay", "stay", "tuning"].rate is None
    survival = counts["survival", "survival", "train"]
    assert survival.positive == 1 and survival.median == 16


def test_the_cohort_is_counted(cohort: Cohort) -> None:
    counted = cohort_counts(cohort)
    assert counted["samples"] == {"train": 2, "tuning": 1, "held_out": 1}
    assert counted["tasks"]["death"] == {"labelled": 4, "positive": 2}
