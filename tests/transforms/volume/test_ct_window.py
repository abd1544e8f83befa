"""CT windows: ends at 0 and 1, a channel each, nothing for what has no meaning."""

from __future__ import annotations

import pytest
import torch
from monai.data import MetaTensor

from monai_app.core.errors import InputRejected
from monai_app.transforms.volume.ct_window import WINDOWS, CTWindowd


def hu(*values: float) -> MetaTensor:
    return MetaTensor(torch.tensor(values).reshape(1, -1, 1, 1), affine=torch.diag(torch.tensor([3.0, 2, 1, 1])))


def seen(image: MetaTensor, *windows: object) -> MetaTensor:
    return CTWindowd("image", windows)({"image": image})["image"]  # type: ignore[arg-type]


def test_ends_of_a_window_are_black_and_white() -> None:
    assert seen(hu(-3000, -160, 40, 240, 3000), (40, 400)).flatten().tolist() == [0, 0, 0.5, 1, 1]


def test_every_window_is_a_channel_and_the_grid_stays() -> None:
    image = hu(-1000, 0, 1000)
    result = seen(image, *WINDOWS)
    assert result.shape == (len(WINDOWS), 3, 1, 1) and torch.equal(result.affine, image.affine)
    torch.testing.assert_close(result[1:2].as_tensor(), seen(image, "lung").as_tensor())


def test_input_is_left_alone() -> None:
    image = hu(-1000, 0, 1000)
    seen(image, "bone")
    assert image.flatten().tolist() == [-1000, 0, 1000]


@pytest.mark.parametrize(
    ("values", "code"), [((0, float("nan")), "NOT_FINITE"), ((0, float("inf")), "NOT_FINITE"), ((5, 5), "NO_CONTENT")]
)
def test_meaningless_values_are_refused(values: tuple[float, ...], code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        seen(hu(*values), "bone")


@pytest.mark.parametrize("window", ["brains", (40, 0), (40, -1)])
def test_impossible_window_is_refused(window: object) -> None:
    with pytest.raises(ValueError, match="window"):
        CTWindowd("image", (window,))  # type: ignore[arg-type]
