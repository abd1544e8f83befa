from __future__ import annotations

import torch

from monai_app.transforms.volume.body import COARSENING, background_beside, everything, find_body


def scan() -> torch.Tensor:
    image = torch.full((60, 50, 40), -1000.0)
    image[12:40, 8:36, 5:30] = 40.0
    return image


def test_box_holds_the_body_and_little_more() -> None:
    box = find_body(scan(), air=-500.0).box([2, 2, 2])
    for side, (low, high) in zip(box, ((12, 40), (8, 36), (5, 30)), strict=True):
        assert low - 2 - COARSENING[0] < side.start <= low - 2
        assert high + 2 <= side.stop < high + 2 + COARSENING[0]


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
    assert body.box([3, 3, 3]) == everything((9, 10, 11))
    assert not body.touches(everything((9, 10, 11)))


def test_lungs_cut_open_by_the_edge_are_not_beside_the_body() -> None:
    image = torch.full((40, 40, 12), -1000.0)
    image[:, 8:12] = image[:, 28:32] = 40.0  # front and back wall; the lung between them reaches both edges
    image[18:22, 8:32] = 40.0
    beside = find_body(image, air=-500.0).beside_in(everything((40, 40, 12)))
    assert not beside[:, 8:32].any()
    assert beside[:, :8].all() and beside[:, 32:].all()


def test_planes_without_a_body_lie_beside_it() -> None:
    beside = find_body(scan(), air=-500.0).beside_in(everything((60, 50, 40)))
    assert beside[:, :, 32:].all()
    assert not beside[12:40, 8:36, 5:30].any()


def test_boxes_of_any_order_agree_with_the_whole() -> None:
    body = find_body(scan(), air=-500.0)
    whole = body.beside_in(everything(body.shape))
    part = body.beside_in((slice(9, 30), slice(2, 41), slice(7, 33)), (2, 0, 1))
    assert torch.equal(part, whole[9:30, 2:41, 7:33].permute(2, 0, 1))


def test_what_lies_beside_is_background_and_nothing_else_changes() -> None:
    probabilities = torch.softmax(torch.randn(3, 4, 5, 6, generator=torch.Generator().manual_seed(0)), dim=0)
    beside = torch.zeros(4, 5, 6, dtype=torch.bool)
    beside[:2] = True
    found = background_beside(probabilities.clone(), beside)
    assert (found.argmax(0)[:2] == 0).all() and torch.allclose(found.sum(0), torch.ones(4, 5, 6))
    assert torch.equal(found[:, 2:], probabilities[:, 2:])
