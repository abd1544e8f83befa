from __future__ import annotations

import torch

from monai_app.inference.body import COARSENING, everything, find_body


def scan() -> torch.Tensor:
    image = torch.full((60, 50, 40), -1000.0)
    image[12:40, 8:36, 5:30] = 40.0
    return image


def test_box_holds_the_body_and_little_more() -> None:
    box = find_body(scan(), air=-500.0).box(margin=2)
    for side, (low, high) in zip(box, ((12, 40), (8, 36), (5, 30)), strict=True):
        assert low - 2 - COARSENING < side.start <= low - 2
        assert high + 2 <= side.stop < high + 2 + COARSENING


def test_lungs_count_as_body() -> None:
    image = scan()
    image[20:32, 16:28, 5:30] = -900.0
    body = find_body(image, air=-500.0)
    assert body.touches((slice(24, 28), slice(20, 24), slice(10, 14)))


def test_a_speck_outside_is_no_body() -> None:
    image = scan()
    image[56, 46, 36] = 3000.0
    assert not find_body(image, air=-500.0).touches((slice(50, 60), slice(42, 50), slice(32, 40)))


def test_without_a_body_the_box_is_everything() -> None:
    body = find_body(torch.full((9, 10, 11), -1000.0), air=-500.0)
    assert body.box(margin=3) == everything((9, 10, 11))
    assert not body.touches(everything((9, 10, 11)))
