from __future__ import annotations

import nibabel
import numpy as np
import pytest

from monai_app.dicom.planes import grey_range, outline, planes
from monai_app.dicom.volume import Volume
from tests.inference.tiny import AFFINES


def marked(affine: np.ndarray, direction: tuple[int, int, int]) -> Volume:
    """Bright where the patient lies towards a direction (RAS) from the middle."""
    shape = (16, 20, 12)
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1)
    world = index @ affine[:3, :3].T
    middle = world.reshape(-1, 3).mean(0)
    return Volume((((world - middle) @ np.array(direction)) > 4).astype(np.int16) * 1000, affine)


@pytest.mark.parametrize("name", AFFINES)
@pytest.mark.parametrize(
    ("direction", "plane", "side"),
    [((1, 0, 0), 0, "left"), ((0, 1, 0), 0, "top"), ((1, 0, 0), 1, "left"), ((0, 0, 1), 1, "top"),
     ((0, 1, 0), 2, "left"), ((0, 0, 1), 2, "top")],
)  # fmt: skip
def test_planes_stand_as_radiologists_read_them(
    name: str, direction: tuple[int, int, int], plane: int, side: str
) -> None:
    scan = marked(AFFINES[name], direction)
    values = planes(scan, np.zeros(scan.array.shape, np.uint8))[plane].values
    rows, columns = values.shape
    if side == "top":
        first, second = values[: rows // 2], values[rows // 2 :]
    else:
        first, second = values[:, : columns // 2], values[:, columns // 2 :]
    assert first.mean() > second.mean()


@pytest.mark.parametrize("name", AFFINES)
def test_letters_say_where_the_patient_is(name: str) -> None:
    scan = marked(AFFINES[name], (1, 0, 0))
    axial, coronal, sagittal = planes(scan, np.zeros(scan.array.shape, np.uint8))
    assert axial.letters == ("R", "L", "A", "P")
    assert coronal.letters == ("R", "L", "S", "I")
    assert sagittal.letters == ("A", "P", "S", "I")
    turned = nibabel.as_closest_canonical(nibabel.Nifti1Image(scan.array, scan.affine_ras))
    spacing = np.linalg.norm(turned.affine[:3, :3], axis=0)
    assert axial.pixel_mm == pytest.approx((spacing[1], spacing[0]))
    assert coronal.pixel_mm == pytest.approx((spacing[2], spacing[0]))
    assert sagittal.pixel_mm == pytest.approx((spacing[2], spacing[1]))


def test_planes_pass_through_what_was_found() -> None:
    scan = marked(AFFINES["oblique"], (1, 0, 0))
    labels = np.zeros(scan.array.shape, np.uint8)
    labels[2:4, 15:18, 9:11] = 3
    assert all((plane.labels == 3).any() for plane in planes(scan, labels))


def test_outline_is_the_border_of_a_structure_only() -> None:
    labels = np.zeros((9, 9), np.uint8)
    labels[2:7, 2:7] = 1
    edge = outline(labels)
    assert edge.sum() == 16
    assert not edge[3:6, 3:6].any()


@pytest.mark.parametrize("name", AFFINES)
def test_all_three_planes_cross_in_the_voxel_asked_for(name: str) -> None:
    scan = Volume(np.zeros((16, 20, 12)), AFFINES[name])
    scan.array[3, 11, 7] = 1.0
    for plane in planes(scan, np.zeros(scan.array.shape, np.uint8), (3, 11, 7)):
        assert plane.values.sum() == 1.0 and plane.values[plane.at] == 1.0


def test_the_window_of_ct_is_the_usual_one_and_that_of_mr_its_own() -> None:
    shown = planes(marked(AFFINES["LPS"], (1, 0, 0)), np.zeros((16, 20, 12), np.uint8))
    assert grey_range(shown, "CT") == (-160.0, 240.0) and grey_range(shown, "MR")[1] == 1000.0
