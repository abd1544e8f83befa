"""A reader sees the old file or the new one; a crash, a full disk and a second writer leave nothing half-written."""

from __future__ import annotations

import errno
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from monai_app.core import atomic
from monai_app.core.errors import AppError, InputRejected


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def fill_disk(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture(params=[lambda p: atomic.write_text(p, "new"), lambda p: atomic.write_json(p, {"new": 1})])
def write(request: pytest.FixtureRequest) -> Callable[[Path], str]:
    return request.param


def test_write_returns_the_hash_of_the_file(tmp_path: Path, write: Callable[[Path], str]) -> None:
    target = tmp_path / "deep" / "x.json"
    assert write(target) == atomic.sha256_file(target)
    assert names(target.parent) == ["x.json"]


def test_full_disk_is_typed_and_keeps_the_old_file(
    tmp_path: Path, write: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x.json").write_text("old")
    monkeypatch.setattr(atomic.os, "fsync", fill_disk)
    with pytest.raises(AppError, match=r"WRITE_FAILED.*No space left"):
        write(tmp_path / "x.json")
    assert names(tmp_path) == ["x.json"] and (tmp_path / "x.json").read_text() == "old"


def test_place_that_cannot_be_written_is_typed(tmp_path: Path, write: Callable[[Path], str]) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AppError, match="WRITE_FAILED"):
        write(tmp_path / "file" / "x.json")


def test_error_while_writing_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), atomic.atomic_path(tmp_path / "x.bin") as temporary:
        temporary.write_bytes(b"half")
        raise ZeroDivisionError
    assert names(tmp_path) == ["x.bin"] and (tmp_path / "x.bin").read_bytes() == b"old"


def test_missing_input_is_not_called_a_write_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic.atomic_path(tmp_path / "x"):
        (tmp_path / "none").read_bytes()


def test_kill_in_the_middle_of_a_write_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text("old")
    program = (
        "import os, signal, sys; from monai_app.core.atomic import atomic_path\n"
        "with atomic_path(sys.argv[1]) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path / "x.txt")], check=False)
    assert done.returncode == -signal.SIGKILL
    assert (tmp_path / "x.txt").read_text() == "old"


def test_json_refuses_not_a_number_and_sorts_its_keys(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        atomic.write_json(tmp_path / "x.json", {"a": float("nan")})
    atomic.write_json(tmp_path / "x.json", {"b": 1, "a": 2})
    assert list(json.loads((tmp_path / "x.json").read_text())) == ["a", "b"]


def test_content_hash_ignores_key_order_only() -> None:
    assert atomic.content_hash({"a": 1, "b": [1, 2]}) == atomic.content_hash({"b": [1, 2], "a": 1})
    assert atomic.content_hash({"a": 1, "b": [1, 2]}) != atomic.content_hash({"a": 1, "b": [2, 1]})


def make(target: Path, content: str, *, force: bool = False) -> None:
    with atomic.atomic_directory(target, force=force) as folder:
        (folder / "deep").mkdir()
        (folder / "deep" / "x.txt").write_text(content)


def test_directory_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), atomic.atomic_directory(tmp_path / "out") as folder:
        (folder / "half.txt").write_text("half")
        raise ZeroDivisionError
    assert names(tmp_path) == []
    make(tmp_path / "out", "new")
    assert names(tmp_path) == ["out"] and (tmp_path / "out" / "deep" / "x.txt").read_text() == "new"


def test_taken_directory_is_refused_without_force_and_replaced_with_it(tmp_path: Path) -> None:
    make(tmp_path / "out", "old")
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        make(tmp_path / "out", "new")
    make(tmp_path / "out", "new", force=True)
    assert names(tmp_path) == ["out"] and (tmp_path / "out" / "deep" / "x.txt").read_text() == "new"


def test_file_in_the_place_of_a_directory_is_replaced_with_force(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("old")
    make(tmp_path / "out", "new", force=True)
    assert names(tmp_path) == ["out"] and (tmp_path / "out").is_dir()


def test_of_two_writers_the_second_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"), atomic.atomic_directory(tmp_path / "out") as folder:
        (folder / "x.txt").write_text("second")
        make(tmp_path / "out", "first")
    assert names(tmp_path) == ["out"] and (tmp_path / "out" / "deep" / "x.txt").read_text() == "first"


@pytest.mark.parametrize("force", [False, True])
def test_full_disk_keeps_the_old_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, force: bool) -> None:
    if force:
        make(tmp_path / "out", "old")
    before = names(tmp_path)
    monkeypatch.setattr(atomic.os, "fsync", fill_disk)
    with pytest.raises(AppError, match="WRITE_FAILED"):
        make(tmp_path / "out", "new", force=force)
    assert names(tmp_path) == before


def test_old_directory_comes_back_when_the_new_one_cannot_take_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "out", "old")
    rename = Path.replace

    def fail_for_the_new_one(self: Path, target: Path) -> Path:
        if target.name == "out" and not self.name.endswith(".old"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", fail_for_the_new_one)
    with pytest.raises(AppError, match="WRITE_FAILED"):
        make(tmp_path / "out", "new", force=True)
    assert names(tmp_path) == ["out"] and (tmp_path / "out" / "deep" / "x.txt").read_text() == "old"


def test_force_never_removes_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "mine.txt").write_text("mine")
    monkeypatch.chdir(tmp_path / "work")
    for target in (Path(), tmp_path, Path.home(), Path("/")):
        with pytest.raises(InputRejected, match="OUTPUT_UNSAFE"):
            make(target, "new", force=True)
    assert (tmp_path / "work" / "mine.txt").read_text() == "mine"


def test_empty_directory_counts_as_free(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    make(tmp_path / "out", "new")
    assert (tmp_path / "out" / "deep" / "x.txt").read_text() == "new"


def test_spooled_chunks_are_the_file(tmp_path: Path) -> None:
    atomic.spool(tmp_path / "file", iter([b"one", b"", b"two"]))
    assert (tmp_path / "file").read_bytes() == b"onetwo"


def test_spooling_that_breaks_off_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        atomic.spool(tmp_path / "file", chunks())
    (tmp_path / "taken").write_bytes(b"old")
    with pytest.raises(AppError, match="WRITE_FAILED"):
        atomic.spool(tmp_path / "taken", [b"new"])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4, hard))  # as a full disk
    try:
        with pytest.raises(AppError, match="WRITE_FAILED"):
            atomic.spool(tmp_path / "file", [b"four", b"more"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.name for path in tmp_path.iterdir()] == ["taken"] and (tmp_path / "taken").read_bytes() == b"old"
