"""NIfTI: rows 19 and 20 of the table of faults."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.nifti import read_nifti
from monai_app.dicom.volume_checks import VolumeKind

VALUES = np.arange(60, dtype=np.int16).reshape(3, 4, 5)
AFFINE = np.array([[0.0, -3, 0, 5], [2, 0, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1]])


def nifti(
    path: Path,
    values: np.ndarray = VALUES,
    *,
    sform: np.ndarray | None = AFFINE,
    qform: np.ndarray | None = AFFINE,
    unit: str = "mm",
    slope: float = 1.0,
) -> Path:
    image = nibabel.Nifti1Image(values, None)
    image.header.set_xyzt_units(unit)
    image.set_sform(sform, code=int(sform is not None))
    image.set_qform(qform, code=int(qform is not None))
    image.header.set_slope_inter(slope, 0)
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("forms", [{}, {"sform": None}, {"qform": None}])
def test_values_and_affine_come_back(tmp_path: Path, name: str, forms: dict[str, None]) -> None:
    volume = read_nifti(nifti(tmp_path / name, **forms))
    assert np.array_equal(volume.array, VALUES) and volume.array.dtype == np.int16
    assert np.allclose(volume.affine_ras, AFFINE, atol=1e-5) and volume.spacing_mm == pytest.approx((2, 3, 4))


def test_sform_and_qform_that_differ_are_rejected(tmp_path: Path) -> None:  # row 20
    flipped = AFFINE @ np.diag([-1.0, 1, 1, 1])
    for other in (flipped, AFFINE + np.outer([0, 0, 1, 0], [0, 0, 0, 0.5])):
        with pytest.raises(InputRejected, match="AFFINE_CONFLICT"):
            read_nifti(nifti(tmp_path / "a.nii", qform=other))


def test_neither_sform_nor_qform_is_rejected(tmp_path: Path) -> None:  # row 20
    with pytest.raises(InputRejected, match="NO_GEOMETRY"):
        read_nifti(nifti(tmp_path / "a.nii", sform=None, qform=None))


def test_metres_and_micrometres_become_millimetres(tmp_path: Path) -> None:
    for unit, factor in (("meter", 1e-3), ("micron", 1e3)):
        scaled = AFFINE * [[factor], [factor], [factor], [1]]
        volume = read_nifti(nifti(tmp_path / "a.nii", sform=scaled, qform=None, unit=unit))
        assert np.allclose(volume.affine_ras, AFFINE)


def test_scaled_integers_are_rounded_once_to_float32(tmp_path: Path) -> None:
    path = nifti(tmp_path / "a.nii")
    raw = bytearray(path.read_bytes())
    raw[112:120] = np.array([0.1, -7], "<f4").tobytes()  # scl_slope and scl_inter
    path.write_bytes(raw)
    truth = (VALUES * np.float64(np.float32(0.1)) - 7).astype(np.float32)
    assert np.array_equal(read_nifti(path).array, truth)


def test_further_axes_of_length_one_are_dropped_and_longer_ones_rejected(tmp_path: Path) -> None:
    assert read_nifti(nifti(tmp_path / "a.nii", VALUES[..., None])).array.shape == (3, 4, 5)
    for values in (np.stack([VALUES, VALUES], axis=-1), VALUES[0]):
        with pytest.raises(InputRejected, match="NOT_A_VOLUME"):
            read_nifti(nifti(tmp_path / "b.nii", values))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_rejected(tmp_path: Path, value: float) -> None:  # row 28
    values = VALUES.astype(np.float32)
    values[1, 2, 3] = value
    with pytest.raises(InputRejected, match="NOT_FINITE"):
        read_nifti(nifti(tmp_path / "a.nii", values))


def test_empty_images_are_rejected_and_empty_label_maps_are_not(tmp_path: Path) -> None:  # row 28
    path = nifti(tmp_path / "a.nii", np.zeros((3, 4, 5), np.uint8))
    with pytest.raises(InputRejected, match="NO_CONTENT"):
        read_nifti(path)
    assert not read_nifti(path, kind=VolumeKind.LABEL).array.any()


@pytest.mark.parametrize("name", ["a.nii", "a.nii.gz"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.9])
def test_files_that_are_cut_off_are_rejected(tmp_path: Path, name: str, share: float) -> None:
    values = np.random.default_rng(0).integers(0, 1000, (30, 30, 30)).astype(np.int16)
    path = nifti(tmp_path / name, values)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputRejected, match="NIFTI_UNREADABLE"):
        read_nifti(path)
