"""Discovery: studies and series do not depend on file names, and one bad file spoils nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom import uid

from monai_app.core.errors import InputRejected
from monai_app.dicom import discover as module
from monai_app.dicom.discover import Discovery, discover
from tests.faults.folders import write_slice, write_slices


def outline(found: Discovery) -> list[tuple[str, str, int]]:
    return [(series.name, series.uid_hash, len(series.instances)) for series in found.series]


def test_series_are_found_below_each_study(tmp_path: Path) -> None:
    write_slices(tmp_path / "a", 3)
    write_slices(tmp_path / "a/deeper", 2, series="2", Modality="MR")
    write_slices(tmp_path / "b", 4, study="2")
    found = discover(tmp_path)
    assert len(found.studies) == 2 and not found.refused
    assert sorted(len(series.instances) for series in found.series) == [2, 3, 4]


def test_names_of_files_and_folders_change_nothing(tmp_path: Path) -> None:
    for index in range(3):
        write_slice(tmp_path / "a" / f"{index}.dcm", index=index)
        write_slice(tmp_path / "a" / f"z{index}", index=index, series="2")
        write_slice(tmp_path / "b" / f"{9 - index}x", index=index)
        write_slice(tmp_path / "b" / "c" / f"{index}", index=index, series="2")
    assert outline(discover(tmp_path / "a")) == outline(discover(tmp_path / "b"))


def test_what_is_no_image_is_listed_with_its_code_beside_the_images(tmp_path: Path) -> None:
    write_slices(tmp_path, 2)
    write_slice(tmp_path / "report", series="9", SOPClassUID=uid.EnhancedSRStorage, Modality="SR")
    (tmp_path / "notes.txt").write_text("x" * 200)
    found = discover(tmp_path)
    assert [len(series.instances) for series in found.series] == [2]
    assert sorted(refused.error.code for refused in found.refused) == ["IS_REPORT", "NOT_DICOM"]


def test_an_empty_folder_has_no_studies(tmp_path: Path) -> None:
    assert not discover(tmp_path).studies and not discover(tmp_path).refused
    with pytest.raises(InputRejected, match="FILE_NOT_FOUND"):
        discover(tmp_path / "absent")


def test_loops_of_links_end(tmp_path: Path) -> None:
    write_slices(tmp_path, 2)
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    assert [len(series.instances) for series in discover(tmp_path).series] == [2]


def test_a_mistaken_path_is_not_walked_for_hours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_FILES", 3)
    write_slices(tmp_path, 4)
    with pytest.raises(InputRejected, match="TOO_MANY_FILES"):
        discover(tmp_path)


def test_nothing_private_is_shown(tmp_path: Path) -> None:
    folder = write_slices(tmp_path / "Smith", 1, SeriesDescription="Smith")
    (folder / "Smith.txt").write_text("Smith")
    found = discover(folder)
    assert "Smith" not in repr(found) and found.series[0].instances[0].series not in repr(found)
