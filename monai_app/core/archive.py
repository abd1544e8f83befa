"""Opening a zip or tar archive that nobody vouches for: refused whole, or unpacked below fixed limits.

Members are written under ordinal names (``d0001/f000001``), so nothing that an archive says becomes a path.
"""

from __future__ import annotations

import io
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from monai_app.core.errors import InputRejected

MAX_MEMBERS = 100_000
"""Files in one archive; a whole-body CT with all its reconstructions has some 10,000."""

MAX_BYTES = 16 << 30
"""Unpacked bytes of one archive."""

MAX_RATIO = 200
"""Unpacked to packed bytes; uncompressed DICOM gains 2 to 10, a film of one value at most 1000 (and is of no use)."""

RATIO_FREE_BYTES = 64 << 20
"""Below this many unpacked bytes any ratio is harmless."""

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may grow to."""

    members: int = MAX_MEMBERS
    unpacked_bytes: int = MAX_BYTES
    ratio: float = MAX_RATIO
    ratio_free_bytes: int = RATIO_FREE_BYTES

    def capacity_bytes(self, packed_bytes: int) -> int:
        """Unpacked bytes allowed to an archive of this size."""
        return min(self.unpacked_bytes, max(self.ratio_free_bytes, int(self.ratio * packed_bytes)))


@contextmanager
def opened_folder(source: str | Path, *, limits: ArchiveLimits | None = None) -> Iterator[Path]:
    """Yield ``source`` where it is a folder, else its content unpacked into a folder that is removed afterwards.

    Raises:
        InputRejected: ``FILE_NOT_FOUND``; ``NOT_AN_ARCHIVE``; ``ARCHIVE_UNSAFE`` for an absolute path, "..", a link
            or a device, of which nothing is kept; ``ARCHIVE_TOO_LARGE``; ``ARCHIVE_UNREADABLE``.
    """
    path = Path(source)
    if path.is_dir():
        yield path
        return
    if not path.is_file():
        raise InputRejected("FILE_NOT_FOUND", "the input folder is missing", remedy="Check the path that was given.")
    with tempfile.TemporaryDirectory(prefix="monai-app-") as folder:
        _unpack(path, Path(folder), limits or ArchiveLimits())
        yield Path(folder)


def _unpack(source: Path, folder: Path, limits: ArchiveLimits) -> None:
    try:
        if zipfile.is_zipfile(source):
            with zipfile.ZipFile(source) as archive:
                _unpack_zip(archive, _Sink(folder, limits, source.stat().st_size))
        else:
            _unpack_tar(source, folder, limits)
    except InputRejected:
        raise
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, RuntimeError) as error:
        raise InputRejected(
            "ARCHIVE_UNREADABLE",
            "an archive is damaged, encrypted or of an unknown kind",
            got=type(error).__name__,
            expected="a .zip or .tar archive without a password",
            remedy="Pack it again; it may be cut off.",
        ) from None


class _Sink:
    """Writes members under ordinal names and counts what they grow to."""

    def __init__(self, folder: Path, limits: ArchiveLimits, packed_bytes: int) -> None:
        self._folder, self._limits = folder, limits
        self._left = limits.capacity_bytes(packed_bytes)
        self._files = 0
        self._folders: dict[PurePosixPath, Path] = {}

    def add(self, name: str, stream: IO[bytes]) -> None:
        """Write one member."""
        self._files += 1
        if self._files > self._limits.members:
            raise _too_large("members", self._limits.members)
        parent = PurePosixPath(name).parent
        if parent not in self._folders:
            self._folders[parent] = self._folder / f"d{len(self._folders) + 1:04d}"
            self._folders[parent].mkdir()
        with (self._folders[parent] / f"f{self._files:06d}").open("wb") as target:
            while chunk := stream.read(_CHUNK_BYTES):
                self._left -= len(chunk)
                if self._left < 0:
                    raise _too_large("bytes once unpacked", "a plausible size")
                target.write(chunk)


def _unpack_zip(archive: zipfile.ZipFile, sink: _Sink) -> None:
    members = archive.infolist()
    for member in members:  # all of them before the first is written
        kind = stat.S_IFMT(member.external_attr >> 16)
        _check(member.filename, plain=kind in (0, stat.S_IFREG, stat.S_IFDIR))
    for member in members:
        if not member.is_dir():
            with archive.open(member) as stream:
                sink.add(member.filename, stream)


def _unpack_tar(source: Path, folder: Path, limits: ArchiveLimits) -> None:
    try:
        archive = tarfile.open(source, "r:*")  # noqa: SIM115 - closed below; only this call says "not an archive"
    except (tarfile.ReadError, EOFError, zlib.error, OSError):
        raise InputRejected(
            "NOT_AN_ARCHIVE",
            "the input is neither a folder nor an archive",
            expected="a folder, a .zip or a .tar file (also .tar.gz, .tar.bz2, .tar.xz)",
        ) from None
    packed_bytes = source.stat().st_size
    with archive:
        assert archive.fileobj is not None, "an open archive has a stream"
        archive.fileobj = _Counted(archive.fileobj, limits.capacity_bytes(packed_bytes))
        sink = _Sink(folder, limits, packed_bytes)
        for member in archive:
            _check(member.name, plain=member.isreg() or member.isdir())
            if member.isreg():
                stream = archive.extractfile(member)
                assert stream is not None, "a regular member has a stream"
                sink.add(member.name, stream)


class _Counted(io.RawIOBase):
    """A decompressed stream of which only so many bytes may be passed, by reading or by skipping."""

    def __init__(self, stream: Any, most_bytes: int) -> None:
        self._stream, self._most = stream, most_bytes + (most_bytes >> 2) + (1 << 20)  # headers and padding of members

    def read(self, size: int = -1) -> bytes:
        data: bytes = self._stream.read(size)
        self._check()
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET and offset > self._most:
            raise _too_large("bytes once unpacked", "a plausible size")
        return int(self._stream.seek(offset, whence))

    def tell(self) -> int:
        return int(self._stream.tell())

    def close(self) -> None:
        self._stream.close()
        super().close()

    def _check(self) -> None:
        if self._stream.tell() > self._most:
            raise _too_large("bytes once unpacked", "a plausible size")


_UNSAFE: tuple[tuple[str, Callable[[str], bool]], ...] = (
    ("an absolute path", lambda name: name.startswith(("/", "\\")) or name[1:2] == ":"),
    ('a path with ".."', lambda name: ".." in name.replace("\\", "/").split("/")),
    ("a path with a control character", lambda name: any(ord(character) < 32 for character in name)),
)


def _check(name: str, *, plain: bool) -> None:
    faults = [what for what, holds in _UNSAFE if holds(name)] + ([] if plain else ["a link or device"])
    if faults:
        raise InputRejected(
            "ARCHIVE_UNSAFE",
            "an archive holds a member that could reach outside its folder",
            got=faults[0],
            expected="plain files below the archive's root",
            remedy="Nothing was unpacked; do not trust where it came from.",
        )


def _too_large(what: str, expected: object) -> InputRejected:
    return InputRejected(
        "ARCHIVE_TOO_LARGE",
        f"an archive has too many {what}",
        expected=f"at most {expected}" if isinstance(expected, int) else expected,
        remedy="Unpack it yourself where you trust it, and give the folder.",
    )
