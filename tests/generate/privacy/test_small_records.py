"""Records as fixed summaries: stated ranges scale them, unknown is the middle, and no patient decides another's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from monai_app.cohort.spec import Channel, TableField
from monai_app.core.errors import InputRejected
from monai_app.generate.privacy.small_records import place, record_samples, series_summary, table_summary
from tests.generate.synthetic.crowd import write_crowd

PULSE = Channel(name="pulse", codes=("P",), unit="/min", low=20, high=220)


def test_a_range_has_its_ends_at_one_and_its_middle_at_zero() -> None:
    values = np.array([20.0, 120.0, 220.0, 900.0, np.nan])
    assert place(values, 20, 220).tolist() == [-1.0, 0.0, 1.0, 1.0, 0.0]
    assert place(np.array([1.0, 10.0, 100.0]), 1, 100) == pytest.approx([-1.0, 0.0, 1.0])
    assert np.abs(place(np.array([-1e9, 1e9]), None, None)).max() <= 1


def test_a_series_is_told_by_what_was_observed_and_by_how_often() -> None:
    grid = np.zeros((2, 4, 1))
    grid[0, :, 0], grid[1, :, 0] = [20.0, 999.0, 220.0, 120.0], [1, 0, 1, 1]
    assert series_summary(grid, [PULSE]) == pytest.approx([-1, 0, 0, -1, 1, 0.75])
    assert (series_summary(np.zeros((2, 4, 1)), [PULSE]) == 0).all()


def test_an_unknown_column_says_that_it_is_unknown() -> None:
    fields = [TableField(name="age", codes=("A",), unit="a", low=0, high=100),
              TableField(name="sex", codes=("S",), kind="categorical", categories=("F", "M"))]  # fmt: skip
    assert table_summary(np.array([75.0, 1.0, np.nan]), fields).tolist() == [0.5, 1.0, 0.0, 1.0, 1.0, 0.0]


def test_a_cohort_gives_a_row_a_sample_whatever_other_samples_there_are(tmp_path: Path) -> None:
    path = write_crowd(tmp_path / "crowd").path
    samples, names = record_samples(path, "train")
    assert len(samples.features) == len(samples.labels) == len(samples.subject_id) > 0
    assert samples.labels.shape[1] == len(names) and torch.isfinite(samples.features).all()
    assert float(samples.features.abs().max()) <= 1
    with pytest.raises(InputRejected):
        record_samples(path, "train", task="nothing of the kind")
