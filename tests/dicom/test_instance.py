"""Instances: hostile identifiers and files that are no images are refused by a code, and nothing private is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.instance import read_instance
from monai_app.dicom.objects import Kind
from tests.faults.folders import write_slice


def test_header_says_where_an_image_belongs(tmp_path: Path) -> None:
    first, second = (read_instance(write_slice(tmp_path / f"{index}", index=index)) for index in (0, 1))
    assert first.kind is Kind.SLICE and first.named
    assert (first.study, first.series) == (second.study, second.series)
    assert first.sop_uid != second.sop_uid


@pytest.mark.parametrize("name", ["SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID", "SOPClassUID"])
@pytest.mark.parametrize("value", ["../../x", "/etc/x", "1." * 40 + "1", "1.2\0.3", "1.2\\3.4", "1.2 3", "1..2"])
def test_hostile_identifiers_are_refused(tmp_path: Path, name: str, value: str) -> None:
    path = write_slice(tmp_path / "x", **{name: value})
    with pytest.raises(InputRejected, match="UID_INVALID") as error:
        read_instance(path)
    assert value not in str(error.value)


def test_missing_identifiers_join_what_is_alike_in_one_folder(tmp_path: Path) -> None:
    absent = {"StudyInstanceUID": None, "SeriesInstanceUID": None}
    first, second = (read_instance(write_slice(tmp_path / f"a/{index}", index=index, **absent)) for index in (0, 1))
    other = read_instance(write_slice(tmp_path / "a/2", index=2, PixelSpacing=[1.0, 1.0], **absent))
    elsewhere = read_instance(write_slice(tmp_path / "b/0", **absent))
    assert not first.named and (first.study, first.series) == (second.study, second.series)
    assert other.study == first.study and other.series != first.series
    assert elsewhere.study != first.study


def test_identifiers_may_stand_in_the_file_meta_information_only(tmp_path: Path) -> None:
    whole = read_instance(write_slice(tmp_path / "a"))
    bare = read_instance(write_slice(tmp_path / "b", SOPInstanceUID="", SOPClassUID=""))
    assert (bare.sop_uid, bare.kind) == (whole.sop_uid, Kind.SLICE)


def test_other_files_are_no_dicom(tmp_path: Path) -> None:
    (tmp_path / "x.dcm").write_bytes(b"patient,age\n" * 100)
    (tmp_path / "empty").touch()
    for name in ("x.dcm", "empty"):
        with pytest.raises(InputRejected, match="NOT_DICOM"):
            read_instance(tmp_path / name)


def test_nothing_private_is_shown(tmp_path: Path) -> None:
    instance = read_instance(write_slice(tmp_path / "Smith.dcm", SeriesDescription="Smith"))
    shown = repr(instance)
    assert "Smith" not in shown and instance.sop_uid not in shown and instance.series not in shown
