from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, Orientationd, Spacingd

from monai_app.transforms.grid import KeepGridd, PlainTensorsd, on_grid

AFFINE = torch.diag(torch.tensor([-1.0, 2.0, 3.0, 1.0], dtype=torch.float64))


def sample() -> dict[str, torch.Tensor]:
    values = torch.arange(4 * 6 * 5, dtype=torch.float32).reshape(1, 4, 6, 5)
    return {"image": MetaTensor(values, affine=AFFINE)}


def test_the_grid_is_that_of_the_image() -> None:
    kept = KeepGridd("image", "native")(sample())
    assert torch.equal(kept["image_native_affine"], AFFINE)
    assert kept["image_native_shape"].tolist() == [4, 6, 5]


def test_an_image_without_affine_is_refused() -> None:
    with pytest.raises(TypeError, match="MetaTensor"):
        KeepGridd("image", "native")({"image": torch.zeros(1, 2, 2, 2)})


def test_plain_tensors_have_the_wanted_types_and_no_metadata() -> None:
    data = sample() | {"label": MetaTensor(torch.ones(1, 2, 2, 2))}
    plain = PlainTensorsd(["image", "label"], ["float32", "uint8"])(data)
    assert [type(plain[key]) for key in ("image", "label")] == [torch.Tensor, torch.Tensor]
    assert plain["label"].dtype == torch.uint8
    with pytest.raises(ValueError, match="2 keys and 1 types"):
        PlainTensorsd(["image", "label"], ["float32"])


def test_the_same_grid_gives_the_same_values() -> None:
    values = torch.rand(2, 3, 4, 5)
    assert on_grid(values, AFFINE, AFFINE, (3, 4, 5)) is values


def test_turned_axes_come_back_exactly() -> None:
    turned = Compose([KeepGridd("image", "native"), Orientationd("image", axcodes="SAR", labels=None)])(sample())
    moved = KeepGridd("image", "network")(turned)
    back = on_grid(moved["image"].as_tensor(), moved["image_network_affine"], moved["image_native_affine"], (4, 6, 5))
    assert torch.allclose(back, sample()["image"].as_tensor(), atol=1e-4)


def test_a_linear_field_comes_back_from_another_spacing() -> None:
    axes = torch.meshgrid(*[torch.arange(12.0)] * 3, indexing="ij")
    field = MetaTensor(sum(axes)[None], affine=torch.eye(4, dtype=torch.float64))
    coarse = Spacingd("image", pixdim=(1.5, 2.0, 1.0), mode="bilinear", align_corners=True)({"image": field})["image"]
    back = on_grid(coarse.as_tensor(), coarse.affine, field.affine, (12, 12, 12))
    inner = (slice(None), *[slice(2, 9)] * 3)
    assert torch.allclose(back[inner], field.as_tensor()[inner], atol=1e-3)
