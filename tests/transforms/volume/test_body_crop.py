"""The body's box: it holds the body, leaves out specks, goes along with the grid, and the crop can be undone."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor

from monai_app.core.errors import InputRejected
from monai_app.transforms.volume.body_crop import MARGIN_MM, BodyCropd, body_box

SPACING = (2.0, 2.0, 5.0)


def patient() -> np.ndarray:
    """An ellipse of soft tissue with lungs in it, (I, J, K) in HU."""
    i, j = np.meshgrid(np.arange(120), np.arange(110), indexing="ij")
    body = ((i - 55) / 40) ** 2 + ((j - 45) / 25) ** 2 < 1
    lungs = ((np.abs(i - 55) - 18) / 10) ** 2 + ((j - 45) / 14) ** 2 < 1
    hu = np.where(body, np.where(lungs, -850.0, 40.0), -1000.0)
    return np.repeat(hu[..., None], 12, axis=2).astype(np.float32)


def scan() -> torch.Tensor:
    return torch.from_numpy(patient())


def ends(box: tuple[slice, slice, slice]) -> list[tuple[int, int]]:
    return [(side.start, side.stop) for side in box]


def test_box_holds_the_body_and_little_more() -> None:
    hu = patient()
    box = body_box(torch.from_numpy(hu), SPACING)
    outside = np.ones(hu.shape, np.bool_)
    outside[box] = False
    assert not (hu[outside] > -500).any()
    reach = (MARGIN_MM + 8) / 2
    assert box[0].start >= 16 - reach and box[0].stop <= 95 + reach and box[1].stop <= 70 + reach
    assert (box[2].start, box[2].stop) == (0, 12)


def test_specks_are_left_out_and_a_leg_of_its_own_is_kept() -> None:
    speck, leg = patient(), patient()
    speck[110:112, 100:102, 3] = 900.0
    leg[100:114, 20:40] = 40.0
    assert ends(body_box(torch.from_numpy(speck), SPACING)) == ends(body_box(scan(), SPACING))
    assert body_box(torch.from_numpy(leg), SPACING)[0].stop >= 114


def test_mirrored_body_has_the_mirrored_box() -> None:
    hu = scan()[:117, :109]  # odd ends: every fourth voxel from either side
    (start, stop), *_ = ends(body_box(hu, (4.0, 4.0, 5.0), margin_mm=8.0))
    (other_start, other_stop), *_ = ends(body_box(hu.flip(0), (4.0, 4.0, 5.0), margin_mm=8.0))
    assert (other_start, other_stop) == (117 - stop, 117 - start)


def test_axes_may_come_in_any_order() -> None:
    box = ends(body_box(scan(), SPACING))
    turned = ends(body_box(scan().permute(2, 0, 1), (SPACING[2], SPACING[0], SPACING[1])))
    assert turned == [box[2], box[0], box[1]]


def test_body_that_fills_everything_is_kept_whole() -> None:
    assert ends(body_box(torch.full((20, 21, 3), 30), SPACING)) == [(0, 20), (0, 21), (0, 3)]


def test_not_a_number_counts_as_air_and_air_alone_is_refused() -> None:
    hu = patient()
    hu[:10] = np.nan
    assert ends(body_box(torch.from_numpy(hu), SPACING)) == ends(body_box(scan(), SPACING))
    with pytest.raises(InputRejected, match="NO_CONTENT"):
        body_box(torch.full((8, 8, 8), -1000.0), SPACING)


def test_crop_and_inverse_give_image_and_label_back() -> None:
    hu = torch.from_numpy(patient())[None] + 1000  # zeros around the body, as the inverse fills them
    affine = torch.diag(torch.tensor([*SPACING, 1.0], dtype=torch.float64))
    sample = {
        "ct": MetaTensor(hu - 1000, affine=affine),
        "image": MetaTensor(hu, affine=affine),
        "label": MetaTensor((hu > 1000).to(torch.uint8), affine=affine),
    }
    crop = BodyCropd(["image", "label"], "ct")
    cropped = crop(sample)
    assert cropped["image"].numel() < 0.7 * hu.numel() and cropped["label"].shape == cropped["image"].shape
    start = [side.start for side in body_box(scan(), SPACING)]
    np.testing.assert_allclose(cropped["image"].affine[:3, 3], np.array(start) * SPACING)
    back = crop.inverse(cropped)
    for key in ("image", "label"):
        assert torch.equal(back[key].as_tensor(), sample[key].as_tensor()) and back[key].dtype == sample[key].dtype
        assert torch.equal(back[key].affine, affine)
