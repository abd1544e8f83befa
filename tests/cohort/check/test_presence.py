"""The report counts what the samples of a model hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_app.cohort.check import presence as module
from monai_app.cohort.check.presence import find_presence, overlap_table
from monai_app.cohort.items import split_items
from monai_app.cohort.store import Cohort


def test_presence_is_that_of_the_items(cohort: Cohort) -> None:
    items = split_items(cohort, None, cohort.model_spec())
    samples = find_presence(cohort).samples
    for name in ("film", "series", "table", "note"):
        assert samples[name].to_list() == [item[f"{name}_present"] for item in items]


def test_ranges_of_patients_do_not_matter(cohort: Cohort, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = find_presence(cohort)
    monkeypatch.setattr(module, "_SAMPLES_AT_ONCE", 3)
    parts = find_presence(cohort)
    assert whole.samples.equals(parts.samples)
    np.testing.assert_array_equal(whole.series_rate, parts.series_rate)
    np.testing.assert_array_equal(whole.table_known, parts.table_known)


def test_coverage_is_a_share_of_samples(cohort: Cohort) -> None:
    presence = find_presence(cohort)
    np.testing.assert_allclose(presence.series_ever, [0.75, 0.75])
    np.testing.assert_allclose(presence.series_rate[:, 0], [0.75, 0.75, 0, 0, 0, 0.75])
    np.testing.assert_allclose(presence.table_known, [1, 0.5, 1, 1])


def test_the_overlap_adds_up(cohort: Cohort) -> None:
    overlap = overlap_table(find_presence(cohort))
    assert overlap["combination"].to_list() == ["film + series + table + note", "film + series + table", "table"]
    assert overlap["samples"].to_list() == [2, 1, 1] and overlap["train"].to_list() == [2, 0, 0]
    assert overlap["share"].sum() == 1


def test_progress_counts_every_sample(cohort: Cohort, tmp_path: Path) -> None:
    seen: list[int] = []
    find_presence(cohort, on_samples=seen.append)
    assert sum(seen) == 4
