"""Left stays left: marks on every side of a phantom come back within half a voxel, however its slices lie."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, Orientationd, Spacingd
from monai.utils import MetaKeys, SpaceKeys

from monai_app.dicom.study import StudyHeader
from monai_app.dicom.volume import lps_to_ras
from monai_app.dicom.write_series import SeriesGeometry, SeriesModality, write_series
from monai_app.transforms.volume.load_volume import LoadVolumed
from tests.faults.landmarks import PLANES, SPACING_MM, affine_lps, find, furthest_mm, paint

HALF_VOXEL_MM = min(SPACING_MM) / 2
EVERY_PLANE = pytest.mark.parametrize("name", PLANES)
STUDY = StudyHeader("P1", "F", 50.0, datetime(2020, 1, 1), "1.2.3", "1.2.3.4", "Maker", "Model", "Site", "phantom")


def tensor(name: str) -> MetaTensor:
    affine = lps_to_ras(affine_lps(PLANES[name]))
    return MetaTensor(torch.from_numpy(paint(affine))[None], affine=affine, meta={MetaKeys.SPACE: SpaceKeys.RAS})


def dicom_folder(name: str, folder: Path) -> Path:
    """The phantom as a series, in files whose names say nothing of their order."""
    affine = affine_lps(PLANES[name])
    geometry = SeriesGeometry(
        first_position_lps_mm=tuple(affine[:3, 3]),
        row_direction=PLANES[name].row,
        column_direction=PLANES[name].column,
        slice_step_lps_mm=tuple(affine[:3, 2]),
        spacing_mm=(SPACING_MM[1], SPACING_MM[0]),
    )
    voxels = paint(lps_to_ras(affine)).transpose(2, 1, 0)
    for index, content in enumerate(write_series(voxels, geometry, STUDY, SeriesModality.MR)):
        (folder / f"{index * 7919 % 1000}.dcm").write_bytes(content)
    return folder


def assert_in_place(image: MetaTensor) -> None:
    assert furthest_mm(image[0].numpy(), image.affine.numpy()) < HALF_VOXEL_MM


@EVERY_PLANE
def test_marks_come_back_through_dicom_and_ras(name: str, tmp_path: Path) -> None:
    image = LoadVolumed("image")({"image": dicom_folder(name, tmp_path)})["image"]
    assert_in_place(image)
    oriented = Orientationd("image", "RAS", labels=None)({"image": image})
    assert_in_place(oriented["image"])
    assert_sides_of_array(oriented["image"], "RAS")


@EVERY_PLANE
def test_marks_come_back_through_nifti_and_lps(name: str, tmp_path: Path) -> None:
    affine = lps_to_ras(affine_lps(PLANES[name]))
    picture = nibabel.Nifti1Image(paint(affine), affine)
    picture.set_sform(affine, 1)
    picture.set_qform(affine, 1)
    nibabel.save(picture, tmp_path / "phantom.nii")
    image = LoadVolumed("image")({"image": tmp_path / "phantom.nii"})["image"]
    assert_in_place(image)
    oriented = Orientationd("image", "LPS", labels=None)({"image": image})
    assert_in_place(oriented["image"])
    assert_sides_of_array(oriented["image"], "LPS")


def assert_sides_of_array(image: MetaTensor, axcodes: str) -> None:
    """Along each axis the voxel index grows towards the side that its letter names."""
    found = find(image[0].numpy(), np.eye(4))
    for axis, (toward, away) in enumerate({"RAS": ("RL", "AP", "SI"), "LPS": ("LR", "PA", "SI")}[axcodes]):
        assert found[toward][axis] > found[away][axis] + 5


@EVERY_PLANE
def test_tensor_that_says_lps_is_oriented_like_its_twin_in_ras(name: str) -> None:
    in_ras = tensor(name)
    in_lps = MetaTensor(in_ras.as_tensor(), affine=affine_lps(PLANES[name]), meta={MetaKeys.SPACE: SpaceKeys.LPS})
    for axcodes in ("RAS", "LPS", "SPL"):
        orient = Orientationd("image", axcodes, labels=None)
        first, second = orient({"image": in_ras})["image"], orient({"image": in_lps})["image"]
        assert torch.equal(first.as_tensor(), second.as_tensor())
        np.testing.assert_allclose(lps_to_ras(second.affine.numpy()), first.affine.numpy(), atol=1e-9)


@EVERY_PLANE
def test_marks_stay_through_orientation_and_spacing_and_the_inverse_is_the_first_grid(name: str) -> None:
    given = tensor(name)
    chain = Compose([Orientationd("image", "RAS", labels=None), Spacingd("image", (2.0, 2.0, 2.0), mode="bilinear")])
    resampled = chain({"image": given})
    assert_in_place(resampled["image"])
    back = chain.inverse(resampled)["image"]
    assert back.shape == given.shape
    np.testing.assert_allclose(back.affine.numpy(), given.affine.numpy(), atol=1e-5)
    assert_in_place(back)


def test_a_mirrored_phantom_is_noticed() -> None:
    image = tensor("oblique")
    with pytest.raises(AssertionError):
        assert_in_place(MetaTensor(image.as_tensor().flip(1), affine=image.affine))
