"""Building refuses early, and writes all or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.cohort.build import build_cohort
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import write_cohort
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import small_content


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    write_cohort(tmp_path / "dataset", small_content())
    return tmp_path / "dataset"


def test_a_source_becomes_a_cohort(dataset: Path, tmp_path: Path) -> None:
    record = build_cohort("meds", dataset, tmp_path / "out", options=["images=copied"])
    assert Cohort(tmp_path / "out").record == record


def test_a_taken_place_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        build_cohort("meds", tmp_path / "nowhere", tmp_path / "out")
    assert (tmp_path / "out" / "mine.txt").read_text() == "keep"


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"SOURCE_INCOMPLETE.*Check --from"):
        build_cohort("meds", tmp_path / "nowhere", tmp_path / "out")


def test_a_refused_source_leaves_nothing(dataset: Path, tmp_path: Path) -> None:
    (dataset / "images" / "1.png").unlink()
    with pytest.raises(InputRejected, match="IMAGE_MISSING"):
        build_cohort("meds", dataset, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]
