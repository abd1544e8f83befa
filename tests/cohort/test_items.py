"""A sample is what was known at its prediction time, in the shapes the networks expect."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.spec import ModelSpec, TaskSpec
from monai_app.cohort.store import Cohort, cohort_spec
from monai_app.cohort.writer import write_cohort
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import MODALITIES, PREDICTION, TASKS, event, small_content, usual_rows

SPEC = ModelSpec(modalities=MODALITIES, tasks=TASKS)


@pytest.fixture(scope="module")
def items(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    path = tmp_path_factory.mktemp("cohort") / "small"
    write_cohort(path, small_content())
    return split_items(path, None, SPEC)


def test_items_have_the_documented_shapes(items: list[dict[str, Any]]) -> None:
    assert [item["subject_id"] for item in items] == [1, 2, 3, 4]
    first = items[0]
    assert first["series"].shape == (3, 6, 2) and first["series"].dtype == np.float32
    assert first["table"].shape == (2, 4) and first["table"].dtype == np.float32
    sizes = {name: first[f"label_{name}"].shape for name in ("death", "diagnosis", "place", "stay", "survival")}
    assert sizes == {"death": (1,), "diagnosis": (2,), "place": (1,), "stay": (1,), "survival": (2,)}
    assert np.datetime64(first["prediction_time"], "us") == np.datetime64(PREDICTION)


def test_presence_follows_what_a_patient_has(items: list[dict[str, Any]]) -> None:
    present = [[item[f"{m}_present"] for m in ("film", "series", "table", "note")] for item in items]
    assert present == [[True] * 4, [True] * 4, [True, True, True, False], [False, False, True, False]]
    assert items[3]["film"] == "" and items[3]["note"] == ""


def test_series_holds_values_mask_and_hours(items: list[dict[str, Any]]) -> None:
    values, mask, hours = items[0]["series"][:, :, 0]
    np.testing.assert_allclose(values, [70.5, 71.5, 71.5, 71.5, 71.5, 75.5])
    np.testing.assert_array_equal(mask, [1, 1, 0, 0, 0, 1])
    np.testing.assert_array_equal(hours, [0, 0, 1, 2, 3, 0])
    assert np.nansum(items[0]["series"][0, 1, 1]) == 150


def test_a_censored_fact_has_a_flag_and_no_number(items: list[dict[str, Any]]) -> None:
    assert items[0]["table"][:, 1].tolist() == [2.0, 0.0]
    assert np.isnan(items[1]["table"][0, 1]) and items[1]["table"][1, 1] == 1


def test_categories_become_columns(items: list[dict[str, Any]]) -> None:
    assert [item["table"][0, 2:].tolist() for item in items] == [[1, 0], [0, 1], [1, 0], [0, 1]]


def test_labels_are_nan_where_unlabelled(items: list[dict[str, Any]]) -> None:
    assert items[0]["label_place"] == 2 and items[0]["label_survival"].tolist() == [2.0, 1.0]
    assert np.isnan(items[1]["label_stay"]) and np.isnan(items[1]["label_place"])
    assert items[1]["label_diagnosis"][0] == 0 and np.isnan(items[1]["label_diagnosis"][1])


def test_groups_come_from_events(items: list[dict[str, Any]]) -> None:
    assert [item["group_sex"] for item in items] == list("FMFM")
    assert items[0]["group_age_years"] == 41.0


def test_a_split_holds_its_own_patients(tmp_path: Path) -> None:
    write_cohort(tmp_path / "c", small_content())
    assert [item["subject_id"] for item in split_items(tmp_path / "c", "train", SPEC)] == [1, 2]


def test_modalities_that_the_model_does_not_use_are_left_out(tmp_path: Path) -> None:
    write_cohort(tmp_path / "c", small_content())
    item = split_items(tmp_path / "c", "train", cohort_spec(tmp_path / "c", ["death"], ["table"]))[0]
    assert {"table", "label_death"} <= set(item)
    assert not {"film", "series", "note", "label_stay"} & set(item)


def test_a_cohort_without_the_tasks_gives_unlabelled_samples(tmp_path: Path) -> None:
    write_cohort(tmp_path / "c", small_content())
    other = ModelSpec(modalities=MODALITIES, tasks=(TaskSpec(name="sepsis", kind="binary"),))
    items = split_items(tmp_path / "c", None, other)
    assert len(items) == 4 and all(np.isnan(item["label_sepsis"]).all() for item in items)


def test_another_meaning_of_a_task_is_refused(tmp_path: Path) -> None:
    write_cohort(tmp_path / "c", small_content())
    other = ModelSpec(modalities=MODALITIES, tasks=(TaskSpec(name="stay", kind="regression", unit="h"),))
    with pytest.raises(InputRejected, match=r"TASK_MISMATCH.*stay"):
        split_items(tmp_path / "c", None, other)


def test_all_values_missing_is_absence_not_a_crash(tmp_path: Path) -> None:
    rows = [event(s, 1, "HR", None) for s in (1, 2, 3, 4)]
    write_cohort(tmp_path / "c", small_content(rows=rows))
    items = split_items(Cohort(tmp_path / "c"), None, SPEC)
    assert not any(item["series_present"] or item["table_present"] or item["note_present"] for item in items)
    assert all(np.isnan(item["series"][0]).all() and not item["series"][1].any() for item in items)


def test_one_event_is_a_series(tmp_path: Path) -> None:
    write_cohort(tmp_path / "c", small_content(rows=[event(1, 3.5, "HR", 80)]))
    item = split_items(tmp_path / "c", None, SPEC)[0]
    assert item["series_present"] and item["series"][1].sum() == 1
    assert np.isnan(item["series"][0, :3, 0]).all() and (item["series"][0, 3:, 0] == 80).all()


def test_unknown_codes_change_nothing(tmp_path: Path) -> None:
    write_cohort(tmp_path / "a", small_content())
    write_cohort(tmp_path / "b", small_content(rows=[*usual_rows(), event(1, 1, "UNHEARD_OF", 5.0)]))
    for one, two in zip(split_items(tmp_path / "a", None, SPEC), split_items(tmp_path / "b", None, SPEC), strict=True):
        assert one["series"].tobytes() == two["series"].tobytes() and one["table"].tobytes() == two["table"].tobytes()


@pytest.mark.parametrize(("code", "unit", "name"), [("HR", "Hz", "heart_rate"), ("DDIMER", "ug/mL", "d_dimer")])
def test_other_units_are_refused(tmp_path: Path, code: str, unit: str, name: str) -> None:
    content = small_content()
    codes = content.codes.to_dicts()
    for row in codes:
        row["unit"] = unit if row["code"] == code else row["unit"]
    content.codes = type(content.codes)(codes)
    write_cohort(tmp_path / "c", content)
    with pytest.raises(InputRejected, match=f"UNIT_MISMATCH.*{name}"):
        split_items(tmp_path / "c", None, SPEC)


def test_the_latest_film_before_the_prediction_time_is_taken(tmp_path: Path) -> None:
    content = small_content()
    frame = content.images
    later = frame.with_columns(frame["time"] + timedelta(hours=1), path="later/" + frame["path"])
    future = frame.with_columns(frame["time"] + timedelta(hours=5), path="future/" + frame["path"])
    lateral = frame.with_columns(
        frame["time"] + timedelta(hours=2), path="side/" + frame["path"], view=frame["view"].replace("AP", "LL")
    )
    content.images = type(frame)(
        frame.to_dicts() + later.to_dicts() + future.to_dicts() + lateral.to_dicts(), schema=frame.schema
    )
    content.image_files = {path: b"film" for path in content.images["path"]}
    write_cohort(tmp_path / "c", content)
    item = split_items(tmp_path / "c", None, SPEC)[0]
    assert Path(item["film"]).parent.name == "later" and item["film_view"] == "AP"
