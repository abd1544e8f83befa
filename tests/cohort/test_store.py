"""Opening a cohort: what is missing is named, and no image path leaves it."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.store import Cohort, cohort_spec
from monai_app.cohort.writer import write_cohort
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import small_content


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_cohort(tmp_path / "small", small_content())
    return tmp_path / "small"


def test_folder_that_is_no_cohort_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="COHORT_MISSING"):
        Cohort(tmp_path)


@pytest.mark.parametrize(
    "part", ["data", "metadata/codes.parquet", "metadata/subject_splits.parquet", "images.parquet"]
)
def test_missing_part_is_named(folder: Path, part: str) -> None:
    path = folder / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(InputRejected, match=f"COHORT_INCOMPLETE.*{part}"):
        Cohort(folder)


def test_damaged_record_is_refused(folder: Path) -> None:
    (folder / "cohort.json").write_text('{"name": "small"}')
    with pytest.raises(InputRejected, match=r"RECORD_INVALID.*provenance"):
        Cohort(folder)


def test_damaged_table_is_named(folder: Path) -> None:
    (folder / "data" / "0.parquet").write_bytes(b"PAR1 no more")
    with pytest.raises(InputRejected, match=r"COHORT_INCOMPLETE.*data"):
        Cohort(folder).events()


@pytest.mark.parametrize("path", ["../cohort.json", "/etc/hostname", "a/../../x.png"])
def test_image_path_cannot_leave_the_cohort(folder: Path, path: str) -> None:
    with pytest.raises(InputRejected, match="PATH_ESCAPES"):
        Cohort(folder).image_path(path)


def test_image_link_cannot_leave_the_cohort(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(b"")
    (folder / "images" / "link.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(InputRejected, match="PATH_ESCAPES"):
        Cohort(folder).image_path("link.png")


def test_label_columns_of_a_task_stand_side_by_side(folder: Path) -> None:
    labels = Cohort(folder).labels("diagnosis")
    assert labels.columns == ["subject_id", "prediction_time", "pneumonia", "oedema"]
    assert labels["subject_id"].to_list() == [1, 2, 3, 4] and labels["oedema"][1] is None


def test_class_outside_its_set_is_refused(folder: Path) -> None:
    path = folder / "labels" / "place" / "value.parquet"
    pl.read_parquet(path).with_columns(categorical_value=pl.lit("moon")).write_parquet(path)
    with pytest.raises(InputRejected, match=r"LABEL_OUTSIDE_SET.*3 rows"):
        Cohort(folder).labels("place")


def test_model_spec_takes_what_is_asked_for(folder: Path) -> None:
    spec = cohort_spec(folder, ["stay", "death"], ["note", "film"])
    assert [task.name for task in spec.tasks] == ["stay", "death"]
    assert [modality.value for modality in spec.modalities.names] == ["film", "note"]
    assert len(cohort_spec(folder).tasks) == 5 and len(cohort_spec(folder).modalities.names) == 4


@pytest.mark.parametrize(
    ("tasks", "modalities", "code"), [(["luck"], None, "TASK_UNKNOWN"), (None, ["smell"], "MODALITY_UNKNOWN")]
)
def test_unknown_names_are_refused(
    folder: Path, tasks: list[str] | None, modalities: list[str] | None, code: str
) -> None:
    with pytest.raises(InputRejected, match=code):
        cohort_spec(folder, tasks, modalities)
