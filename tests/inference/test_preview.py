from __future__ import annotations

from io import BytesIO

import nibabel
import numpy as np
import pytest
from PIL import Image

from monai_app.dicom.volume import Volume
from monai_app.inference.preview import outline, planes, preview
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


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("found", [0, 12])
def test_a_picture_is_made_with_and_without_findings(modality: str, found: int) -> None:
    scan = marked(AFFINES["LPS"], (1, 0, 0))
    labels = np.zeros(scan.array.shape, np.uint8)
    labels[4:9, 4:9, 4:9] = found
    names = [f"structure_{index}" for index in range(1, 13)]
    data = preview(scan, labels, names, [float(index == found) for index in range(1, 13)], modality=modality)
    with Image.open(BytesIO(data)) as picture:
        assert picture.format == "PNG"
        assert picture.width > 1000
