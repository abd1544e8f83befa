"""Cut, inflated, nested and lying files end in a typed error (faults.md, rows 30 to 34), films and series alike."""

from __future__ import annotations

import resource
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.uid import JPEG2000Lossless

from monai_app.core.archive import opened_folder
from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import read_series
from monai_app.dicom.discover import discover
from monai_app.dicom.film import read_film
from monai_app.dicom.instance import read_instance
from tests.faults.archives import zip_of
from tests.faults.compressed import compressed_film, texture
from tests.faults.films import write_film
from tests.faults.folders import write_slice
from tests.faults.hostile import GIANTS, deflate_bomb, nest

Reader = Callable[[Path], object]


def slice_file(path: Path) -> Path:
    return write_slice(path, SeriesDescription="x" * 64)


def packed_slice(path: Path) -> Path:
    dataset = pydicom.dcmread(slice_file(path))
    dataset.Rows = dataset.Columns = 64
    dataset.PixelData = texture(64, 64).tobytes()
    dataset.compress(JPEG2000Lossless)
    dataset.save_as(path, enforce_file_format=True)
    return path


def packed_film(path: Path) -> Path:
    compressed_film(texture(64, 64)).save_as(path, enforce_file_format=True)
    return path


def film_pixels(path: Path) -> object:
    return read_film(path).pixels.tobytes()


def series_voxels(path: Path) -> object:
    return read_series([path]).array.tobytes()


KINDS: dict[str, tuple[Callable[[Path], Path], Reader]] = {
    "film": (write_film, film_pixels),
    "compressed film": (packed_film, film_pixels),
    "slice": (slice_file, series_voxels),
    "compressed slice": (packed_slice, series_voxels),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_file_that_was_cut_is_refused_wherever_it_was_cut(tmp_path: Path, kind: str) -> None:
    write, read = KINDS[kind]
    whole = write(tmp_path / "whole").read_bytes()
    expected = read(tmp_path / "whole")
    cut = tmp_path / "cut"
    offsets = {*range(0, len(whole), max(1, len(whole) // 40)), 131, 132, 143, len(whole) - 1}
    for offset in sorted(offsets):
        cut.write_bytes(whole[:offset])
        try:
            read_instance(cut)
            result = read(cut)
        except InputRejected:
            continue
        assert "compressed" in kind and offset >= len(whole) - 8 and result == expected, offset  # an end mark may lack


@pytest.mark.parametrize("kind", ["film", "slice"])
@pytest.mark.parametrize("promise", sorted(GIANTS))
def test_a_header_that_promises_a_giant_is_refused_before_anything_is_allocated(
    tmp_path: Path, kind: str, promise: str
) -> None:
    write, read = KINDS[kind]
    path = write(tmp_path / "x")
    dataset = pydicom.dcmread(path)
    for name, value in GIANTS[promise].items():
        setattr(dataset, name, value)
    dataset.save_as(path, enforce_file_format=True)
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputRejected, match="TOO_LARGE|TRUNCATED|MULTI_FRAME"):
        read(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 32 << 10


def test_a_deflated_file_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    bomb = deflate_bomb(slice_file(tmp_path / "x"), 64)
    assert bomb.stat().st_size < 1 << 20
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for read in (read_instance, series_voxels, film_pixels):
        with pytest.raises(InputRejected, match="TRANSFER_SYNTAX"):
            read(bomb)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib < 16 << 10


@pytest.mark.parametrize("depth", [300, 10_000])
@pytest.mark.parametrize("explicit_length", [False, True])
@pytest.mark.parametrize("tag", [(0x0008, 0x1140), (0x0028, 0x3010), (0x0009, 0x1010)])
@pytest.mark.parametrize("kind", ["film", "slice"])
def test_nested_sequences_are_refused_or_passed_over(
    tmp_path: Path, kind: str, tag: tuple[int, int], explicit_length: bool, depth: int
) -> None:
    write, read = KINDS[kind]
    expected = read(write(tmp_path / "x"))
    path = nest(tmp_path / "x", depth, tag=tag, explicit_length=explicit_length)
    try:
        read_instance(path)
        result = read(path)
    except InputRejected as error:
        assert error.code in ("DICOM_UNREADABLE", "VOI_INVALID", "NO_PIXELS")
    else:
        assert result == expected


@pytest.mark.parametrize("value", ["../../x", "/etc/x", "1." * 40 + "1", "1.2\0.3"])
def test_identifiers_never_become_paths(tmp_path: Path, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "root"
    hostile = write_slice(root / "x", SOPInstanceUID=value)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "root"))
    before = set(tmp_path.rglob("*"))
    found = discover(root)
    assert not found.studies and [refused.error.code for refused in found.refused] == ["UID_INVALID"]
    assert set(tmp_path.rglob("*")) == before and hostile.exists()


def test_an_archive_of_images_is_read_as_their_folder(tmp_path: Path) -> None:
    for index in range(3):
        write_slice(tmp_path / "a" / str(index), index=index)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for path in sorted((tmp_path / "a").iterdir()):
            archive.write(path, f"deep/er/{path.name}")
    with opened_folder(tmp_path / "a.zip") as folder:
        packed = read_series(discover(folder).series[0].paths)
    plain = read_series(discover(tmp_path / "a").series[0].paths)
    np.testing.assert_array_equal(packed.array, plain.array)
    with pytest.raises(InputRejected, match="ARCHIVE_UNSAFE"), opened_folder(zip_of(tmp_path / "b.zip", "../x")):
        pass
