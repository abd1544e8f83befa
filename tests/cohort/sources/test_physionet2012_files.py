"""Record files: folders and archives give the same rows; a file that is no whole record is refused."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from monai_app.cohort.sources import physionet2012_files
from monai_app.cohort.sources.physionet2012_files import read_records
from monai_app.core.errors import InputRejected

RECORD = "Time,Parameter,Value\n00:00,Age,54\n00:07,HR,73\n"


def folder(root: Path, **files: str) -> Path:
    (root / "set-a").mkdir()
    for name, text in files.items():
        (root / "set-a" / f"{name.removeprefix('r')}.txt").write_text(text)
    return root


def archive(root: Path, members: dict[str, str]) -> Path:
    with tarfile.open(root / "set-a.tar.gz", "w:gz") as stream:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            stream.addfile(member, io.BytesIO(text.encode()))
    return root


def test_rows_know_their_record(tmp_path: Path) -> None:
    rows, _ = read_records(folder(tmp_path, r101=RECORD, r102=RECORD + "01:00,HR,80\n"), "set-a")
    assert rows["record_id"].to_list() == [101, 101, 102, 102, 102]
    assert rows.row(-1) == (102, "01:00", "HR", "80")


def test_line_ends_and_the_order_of_an_archive_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    members = {"set-a/102.txt": RECORD.replace("\n", "\r\n"), "set-a/101.txt": RECORD}
    first = read_records(folder(tmp_path / "one", r101=RECORD, r102=RECORD), "set-a")
    second = read_records(archive(tmp_path / "two", members), "set-a")
    assert first[1] == second[1] and first[0].sort("record_id", "Time").equals(second[0].sort("record_id", "Time"))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Time,Value\n00:00,54\n", "MISSING_COLUMN"),
        (RECORD[:-1], "RECORD_TRUNCATED"),
        (RECORD + "01:00,HR\n", "RECORD_TRUNCATED"),
        (RECORD + "\n", "RECORD_TRUNCATED"),
        ("", "MISSING_COLUMN"),
    ],
)
def test_what_is_no_whole_record_is_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        read_records(folder(tmp_path, r101=RECORD, r102=text), "set-a")


def test_record_in_two_folders_of_an_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="RECORD_DUPLICATE"):
        read_records(archive(tmp_path, {"a/101.txt": RECORD, "b/101.txt": RECORD}), "set-a")


def test_member_that_escapes_is_read_and_never_written(tmp_path: Path) -> None:
    rows, _ = read_records(archive(tmp_path, {"../../101.txt": RECORD, "/etc/readme": "x"}), "set-a")
    assert rows.height == 2 and [path.name for path in tmp_path.iterdir()] == ["set-a.tar.gz"]


def test_oversized_record_is_refused_unread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(physionet2012_files, "_MAX_RECORD_BYTES", 60)
    with pytest.raises(InputRejected, match="RECORD_TOO_LARGE"):
        read_records(archive(tmp_path, {"101.txt": RECORD + "01:00,HR,80\n" * 9}), "set-a")


@pytest.mark.parametrize("name", ["set-a", "set-c"])
def test_empty_and_missing_sets_are_told_apart(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputRejected, match="EMPTY_COHORT" if name == "set-a" else "SOURCE_INCOMPLETE"):
        read_records(folder(tmp_path), name)
