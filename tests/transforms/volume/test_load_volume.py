"""LoadVolumed: voxels and places of the strict readers, padding marked, image and label on one grid or an error."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.dicom.volume import Volume
from monai_app.dicom.volume_files import read_volume
from monai_app.transforms.volume.load_volume import LoadVolumed

AFFINE = np.array([[0.0, -2, 0, 5], [1.5, 0, 0, -7], [0, 0, 3, 11], [0, 0, 0, 1]])
SHAPE = (5, 4, 3)


def nifti(path: Path, array: np.ndarray, affine: np.ndarray = AFFINE, qform: np.ndarray | None = None) -> str:
    image = nibabel.Nifti1Image(array, affine)
    image.set_sform(affine, 1)
    image.set_qform(affine if qform is None else qform, 1)
    nibabel.save(image, path)
    return str(path)


def ramp(dtype: type = np.float32) -> np.ndarray:
    return np.arange(60).reshape(SHAPE).astype(dtype)


def test_voxels_and_affine_are_those_of_the_reader(tmp_path: Path) -> None:
    path = nifti(tmp_path / "a.nii.gz", ramp())
    image, volume = LoadVolumed("image")({"image": path})["image"], read_volume(path)
    assert image.shape == (1, *SHAPE) and image.dtype == torch.float32
    np.testing.assert_array_equal(image[0].numpy(), volume.array)
    np.testing.assert_allclose(image.affine.numpy(), volume.affine_ras)
    assert image.meta["space"] == "RAS" and str(tmp_path) not in str(image.meta)


def test_several_sequences_are_channels_in_their_order(tmp_path: Path) -> None:
    paths = [nifti(tmp_path / f"{factor}.nii", factor * ramp()) for factor in (1, 3)]
    image = LoadVolumed("image")({"image": paths})["image"]
    assert image.shape == (2, *SHAPE)
    np.testing.assert_array_equal(image[1].numpy(), 3 * image[0].numpy())


def test_labels_are_whole_numbers(tmp_path: Path) -> None:
    label = LoadVolumed("label", "label")({"label": nifti(tmp_path / "a.nii", np.zeros(SHAPE, np.uint8))})["label"]
    assert label.dtype == torch.int16 and not label.any()


def test_padding_is_marked_and_gets_the_least_valid_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    array, valid = ramp() + 100, np.ones(SHAPE, np.bool_)
    array[0], valid[0] = -2000, False
    monkeypatch.setattr(
        "monai_app.transforms.volume.volume_reader.read_volume", lambda *_, **__: Volume(array, AFFINE, valid)
    )
    sample = LoadVolumed("image")({"image": "any"})
    np.testing.assert_array_equal(sample["image_valid"][0].numpy(), valid)
    assert float(sample["image"].min()) == array[valid].min()
    assert sample["image_valid"].affine.equal(sample["image"].affine)


def test_row_19_same_shape_elsewhere_is_refused(tmp_path: Path) -> None:
    shifted = AFFINE.copy()
    shifted[0, 3] += 1
    image, label = nifti(tmp_path / "a.nii", ramp()), nifti(tmp_path / "b.nii", ramp(np.int16), shifted)
    load = LoadVolumed(["image", "label"], ["image", "label"])
    with pytest.raises(InputRejected, match="GRID_MISMATCH"):
        load({"image": image, "label": label})
    with pytest.raises(InputRejected, match="GRID_MISMATCH"):
        LoadVolumed("image")({"image": [image, nifti(tmp_path / "c.nii", ramp(), shifted)]})
    assert load({"image": image, "label": image})["label"].shape == (1, *SHAPE)


def test_row_20_sform_against_qform_and_neither(tmp_path: Path) -> None:
    moved = AFFINE.copy()
    moved[2, 3] += 1
    with pytest.raises(InputRejected, match="AFFINE_CONFLICT"):
        LoadVolumed("image")({"image": nifti(tmp_path / "a.nii", ramp(), qform=moved)})
    image = nibabel.Nifti1Image(ramp(), None)
    image.set_sform(None, 0)
    image.set_qform(None, 0)
    nibabel.save(image, tmp_path / "b.nii")
    with pytest.raises(InputRejected, match="NO_GEOMETRY"):
        LoadVolumed("image")({"image": str(tmp_path / "b.nii")})


@pytest.mark.parametrize(("value", "code"), [(np.nan, "NOT_FINITE"), (0.0, "NO_CONTENT")])
def test_row_28_nan_and_constant_are_refused(tmp_path: Path, value: float, code: str) -> None:
    array = np.zeros(SHAPE, np.float32)
    array[1, 1, 1] = value
    with pytest.raises(InputRejected, match=code):
        LoadVolumed("image")({"image": nifti(tmp_path / "a.nii", array)})
