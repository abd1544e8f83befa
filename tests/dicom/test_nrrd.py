"""NRRD through SimpleITK."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - the library's own manual calls it so

from monai_app.core.errors import InputRejected
from monai_app.dicom.nrrd import read_nrrd
from monai_app.dicom.volume import lps_to_ras
from monai_app.dicom.volume_checks import VolumeKind

VALUES = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
AFFINE_LPS = np.array([[0.0, -3, 0, 5], [2, 0, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1]])


def nrrd(path: Path, values: np.ndarray = VALUES, *, vector: bool = False) -> Path:
    image = sitk.GetImageFromArray(values.transpose(*reversed(range(3)), *range(3, values.ndim)), isVector=vector)
    if image.GetDimension() == 3:
        image.SetSpacing((2.0, 3.0, 4.0))
        image.SetDirection((AFFINE_LPS[:3, :3] / (2, 3, 4)).flatten().tolist())
        image.SetOrigin(AFFINE_LPS[:3, 3].tolist())
    sitk.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr"])
def test_values_and_affine_come_back(tmp_path: Path, name: str) -> None:
    volume = read_nrrd(nrrd(tmp_path / name))
    assert np.array_equal(volume.array, VALUES) and volume.array.dtype == np.int16
    assert np.allclose(volume.affine_ras, lps_to_ras(AFFINE_LPS))


def test_space_of_the_file_is_honoured(tmp_path: Path) -> None:
    path = nrrd(tmp_path / "a.nrrd")
    path.write_bytes(path.read_bytes().replace(b"left-posterior-superior", b"right-anterior-superior"))
    assert np.allclose(read_nrrd(path).affine_ras, AFFINE_LPS)


def test_file_without_a_space_is_rejected(tmp_path: Path) -> None:
    path = nrrd(tmp_path / "a.nrrd")
    lines = path.read_bytes().split(b"\n")
    kept = [line for line in lines if not line.startswith((b"space", b"kinds"))]
    assert len(kept) < len(lines)
    path.write_bytes(b"\n".join(kept))
    with pytest.raises(InputRejected, match="NO_GEOMETRY"):
        read_nrrd(path)


def test_colours_and_series_of_volumes_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="NOT_A_VOLUME"):
        read_nrrd(nrrd(tmp_path / "a.nrrd", np.stack([VALUES] * 3, axis=-1), vector=True))


def test_whole_floats_are_labels_and_fractions_are_not(tmp_path: Path) -> None:
    path = nrrd(tmp_path / "a.nrrd", VALUES.astype(np.float32))
    assert np.array_equal(read_nrrd(path, kind=VolumeKind.LABEL).array, VALUES)
    assert read_nrrd(path, kind=VolumeKind.LABEL).array.dtype.kind == "i"
    with pytest.raises(InputRejected, match="NOT_LABELS"):
        read_nrrd(nrrd(tmp_path / "a.nrrd", VALUES + np.float32(0.5)), kind=VolumeKind.LABEL)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.95])
def test_files_that_are_cut_off_are_rejected(tmp_path: Path, share: float) -> None:
    path = nrrd(tmp_path / "a.nrrd", np.random.default_rng(0).integers(0, 1000, (30, 30, 30)).astype(np.int16))
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputRejected, match="NRRD_UNREADABLE"):
        read_nrrd(path)


@pytest.mark.parametrize("name", ["/etc/passwd", "../a.raw", "link.raw"])
def test_headers_reach_only_data_beside_them(tmp_path: Path, name: str) -> None:
    path = nrrd(tmp_path / "a.nhdr")
    (tmp_path / "link.raw").symlink_to("/etc/passwd")
    path.write_bytes(path.read_bytes().replace(b"data file: a.raw", b"data file: " + name.encode()))
    assert name.encode() in path.read_bytes()
    with pytest.raises(InputRejected, match="PATH_OUTSIDE"):
        read_nrrd(path)
