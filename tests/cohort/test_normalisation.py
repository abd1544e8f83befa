"""Statistics count what was observed in train, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.normalisation import fit_statistics
from monai_app.cohort.spec import ModelSpec
from monai_app.cohort.writer import write_cohort
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import MODALITIES, TASKS, event, small_content, usual_rows

SPEC = ModelSpec(modalities=MODALITIES, tasks=TASKS)


def statistics_of(folder: Path, rows: list[Any] | None = None) -> dict[str, np.ndarray]:
    write_cohort(folder, small_content(rows=rows), force=True)
    return fit_statistics(split_items(folder, "train", SPEC), SPEC)


def test_filled_values_do_not_count(tmp_path: Path) -> None:
    fitted = statistics_of(tmp_path / "c")
    observed = [70.5, 71.5, 75.5, 80.5, 81.5, 85.5]
    np.testing.assert_allclose(fitted["series_mean"], [np.mean(observed), 150], rtol=1e-6)
    np.testing.assert_allclose(fitted["series_std"], [np.std(observed), 1], rtol=1e-6)


def test_censored_and_unknown_facts_do_not_count(tmp_path: Path) -> None:
    fitted = statistics_of(tmp_path / "c")
    assert fitted["table_mean"][1] == 2.0 and fitted["table_std"][1] == 1.0


def test_other_splits_do_not_count(tmp_path: Path) -> None:
    usual = statistics_of(tmp_path / "c")
    held_out = statistics_of(tmp_path / "c", [*usual_rows(), event(4, 1, "HR", 200.0), event(3, 1, "DDIMER", 50.0)])
    assert all(usual[key].tobytes() == held_out[key].tobytes() for key in usual)


def test_targets_become_prevalences_and_means(tmp_path: Path) -> None:
    fitted = statistics_of(tmp_path / "c")
    assert fitted["target_mean_death"] == 0.5
    assert fitted["target_mean_diagnosis"].tolist() == [0.5, 0.0]
    assert fitted["target_mean_place"].tolist() == [0, 0, 1]
    assert fitted["target_mean_stay"].tolist() == [3.5]


def test_absent_modalities_do_not_count(tmp_path: Path) -> None:
    write_cohort(tmp_path / "c", small_content())
    items = split_items(tmp_path / "c", "train", SPEC)
    usual = fit_statistics(items, SPEC)
    absent = dict(items[0], series=np.full_like(items[0]["series"], 1e9), series_present=False)
    changed = fit_statistics([*items, absent], SPEC)
    assert usual["series_mean"].tobytes() == changed["series_mean"].tobytes()


def test_no_items_are_refused() -> None:
    with pytest.raises(InputRejected, match="EMPTY_COHORT"):
        fit_statistics([], SPEC)
