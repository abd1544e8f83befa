"""Archives that reach outside their folder, or grow without end (faults.md, rows 32 and 35)."""

from __future__ import annotations

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

UNSAFE_NAMES = ("../evil", "good/../../evil", "/evil", "C:\\evil", "..\\evil", "a/..", "evil\nname")


def zip_of(path: Path, *names: str) -> Path:
    """A zip whose members have these names."""
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(zipfile.ZipInfo(name), b"evil")
    return path


def tar_of(path: Path, *names: str) -> Path:
    """A tar whose members have these names."""
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            member = tarfile.TarInfo(name)
            member.size = 4
            archive.addfile(member, io.BytesIO(b"evil"))
    return path


def tar_member(path: Path, kind: bytes, target: str = "/etc/passwd") -> Path:
    """A tar of one good file and one link or device."""
    with tarfile.open(path, "w") as archive:
        archive.addfile(tarfile.TarInfo("good"), io.BytesIO())
        member = tarfile.TarInfo("link")
        member.type, member.linkname = kind, target
        archive.addfile(member)
    return path


def zip_symlink(path: Path) -> Path:
    """A zip of one symbolic link."""
    with zipfile.ZipFile(path, "w") as archive:
        member = zipfile.ZipInfo("link")
        member.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(member, "/etc/passwd")
    return path


LINKS: dict[str, Callable[[Path], Path]] = {
    "tar symlink": lambda path: tar_member(path, tarfile.SYMTYPE),
    "tar hard link": lambda path: tar_member(path, tarfile.LNKTYPE),
    "tar device": lambda path: tar_member(path, tarfile.CHRTYPE),
    "tar fifo": lambda path: tar_member(path, tarfile.FIFOTYPE),
    "zip symlink": zip_symlink,
}


def zip_bomb(path: Path, size_bytes: int) -> Path:
    """A zip of one member of zeros."""
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("zeros", "w", force_zip64=True) as out,
    ):
        for _ in range(size_bytes >> 20):
            out.write(bytes(1 << 20))
    return path


def tar_bomb(path: Path, size_bytes: int, *, members: int = 1) -> Path:
    """A gzipped tar of members of zeros."""
    with gzip.open(path, "wb", compresslevel=6) as packed:
        for index in range(members):
            member = tarfile.TarInfo(f"zeros{index}")
            member.size = size_bytes // members >> 20 << 20
            packed.write(member.tobuf())
            for _ in range(member.size >> 20):
                packed.write(bytes(1 << 20))
        packed.write(bytes(1024))
    return path


BOMBS: dict[str, Callable[[Path, int], Path]] = {
    "zip": zip_bomb,
    "tar.gz": tar_bomb,
    "tar.gz of many": lambda path, size: tar_bomb(path, size, members=8),
}
