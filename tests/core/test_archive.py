"""Archives: what is inside comes out, and what could reach outside or grow without end is refused whole."""

from __future__ import annotations

import resource
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from monai_app.core.archive import ArchiveLimits, opened_folder
from monai_app.core.errors import InputRejected
from tests.faults.archives import BOMBS, LINKS, UNSAFE_NAMES, tar_of, zip_of

SMALL = ArchiveLimits(members=5, ratio=20, ratio_free_bytes=1 << 20)


def packed(folder: Path, target: Path) -> Path:
    """All files of a folder in an archive of the target's kind."""
    if target.suffix == ".zip":
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(folder.rglob("*")):
                archive.write(path, path.relative_to(folder))
    else:
        mode = {".tar": "w", ".gz": "w:gz", ".bz2": "w:bz2", ".xz": "w:xz"}[target.suffix]
        with tarfile.open(target, mode) as archive:
            archive.add(folder, ".")
    return target


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which archives are unpacked."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("kind", ["zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_members_come_out_as_they_went_in_and_leave_nothing(tmp_path: Path, temporary: Path, kind: str) -> None:
    source = tmp_path / "source"
    contents = {"a/x": b"one", "a/y": b"two" * 50_000, "b/x": b"three"}
    for name, data in contents.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_bytes(data)
    with opened_folder(packed(source, tmp_path / f"pack.{kind}")) as folder:
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        assert sorted(path.read_bytes() for path in files) == sorted(contents.values())
        assert len({path.parent for path in files}) == 2, "files of one folder stay together"
    assert not list(temporary.iterdir())


def test_a_folder_is_used_as_it_is(tmp_path: Path) -> None:
    with opened_folder(tmp_path) as folder:
        assert folder == tmp_path


@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize("name", UNSAFE_NAMES)
def test_a_path_that_could_leave_refuses_the_whole(
    tmp_path: Path, temporary: Path, pack: Callable[..., Path], name: str
) -> None:
    archive = pack(tmp_path / "pack", "good", name)
    before = set(tmp_path.rglob("*"))
    with pytest.raises(InputRejected, match="ARCHIVE_UNSAFE"), opened_folder(archive):
        pass
    assert set(tmp_path.rglob("*")) == before and not Path("/evil").exists()


@pytest.mark.parametrize("kind", sorted(LINKS))
def test_links_and_devices_refuse_the_whole(tmp_path: Path, temporary: Path, kind: str) -> None:
    with pytest.raises(InputRejected, match="ARCHIVE_UNSAFE"), opened_folder(LINKS[kind](tmp_path / "pack")):
        pass
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("kind", sorted(BOMBS))
def test_bombs_stop_at_the_cap_with_little_memory(tmp_path: Path, temporary: Path, kind: str) -> None:
    bomb = BOMBS[kind](tmp_path / "bomb", 24 << 20)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputRejected, match="ARCHIVE_TOO_LARGE"), opened_folder(bomb, limits=SMALL):
        pass
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 16 << 10
    assert not list(temporary.iterdir())


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_too_many_members_are_refused(tmp_path: Path, pack: Callable[..., Path]) -> None:
    archive = pack(tmp_path / "pack", *(f"f{index}" for index in range(6)))
    with pytest.raises(InputRejected, match="ARCHIVE_TOO_LARGE"), opened_folder(archive, limits=SMALL):
        pass


@pytest.mark.parametrize("kind", ["zip", "tar.gz"])
def test_a_cut_archive_is_refused(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for index in range(3):
        (source / str(index)).write_bytes(bytes(range(256)) * 100 * (index + 1))
    whole = packed(source, tmp_path / f"pack.{kind}")
    for part in (0.3, 0.6, 0.95):
        cut = tmp_path / f"cut.{kind}"
        cut.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * part)])
        with pytest.raises(InputRejected, match="ARCHIVE_UNREADABLE|NOT_AN_ARCHIVE"), opened_folder(cut):
            pass


def test_another_file_is_no_archive(tmp_path: Path) -> None:
    other = tmp_path / "x"
    other.write_bytes(b"hello" * 500)
    with pytest.raises(InputRejected, match="NOT_AN_ARCHIVE"), opened_folder(other):
        pass
    with pytest.raises(InputRejected, match="FILE_NOT_FOUND"), opened_folder(tmp_path / "absent"):
        pass
