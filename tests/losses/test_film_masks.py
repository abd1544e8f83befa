"""The loss of mask pretraining: what it rewards, and what it cannot be thrown off by."""

from __future__ import annotations

import torch

from monai_app.losses.film_masks import MASKS, FilmMaskLoss, correlations, root_sizes
from monai_app.networks.film_masks import FilmMasks


def squares(sides: list[int]) -> dict[str, torch.Tensor]:
    """A film a side, with one structure that is a square of that side."""
    masks = torch.zeros(len(sides), 1, 16, 16)
    for film, side in zip(masks, sides, strict=True):
        film[0, :side, :side] = 1.0
    return {MASKS: masks}


def told(targets: dict[str, torch.Tensor], sizes: torch.Tensor) -> FilmMasks:
    cells = torch.nn.functional.avg_pool2d(targets[MASKS], 4)
    return FilmMasks(40.0 * (cells - 0.5), sizes)


def test_the_truth_costs_nothing_and_silence_something() -> None:
    targets = squares([4, 8, 12])
    assert FilmMaskLoss()(told(targets, root_sizes(targets)), targets) < 1e-2
    silent = FilmMasks(torch.zeros(3, 1, 4, 4), torch.zeros(3, 1))
    assert FilmMaskLoss()(silent, targets) > 1.5


def test_sizes_have_no_unit_but_a_direction() -> None:
    targets = squares([4, 8, 12])
    truth = root_sizes(targets)
    loss = FilmMaskLoss()
    torch.testing.assert_close(loss(told(targets, 7 * truth - 3), targets), loss(told(targets, truth), targets))
    assert loss(told(targets, -truth), targets) - loss(told(targets, truth), targets) > 1.99


def test_a_structure_of_one_size_has_no_correlation_and_no_gradient() -> None:
    sizes = torch.tensor([[0.1, 1.0], [0.4, 2.0]], requires_grad=True)
    found = correlations(sizes, torch.tensor([[0.0, 0.3], [0.0, 0.5]]))
    found.sum().backward()
    torch.testing.assert_close(found.detach(), torch.tensor([0.0, 1.0]))
    assert sizes.grad is not None and not sizes.grad[:, 0].any() and sizes.grad.isfinite().all()


def test_a_batch_of_one_film_trains() -> None:
    targets = squares([8])
    output = FilmMasks(torch.zeros(1, 1, 4, 4, requires_grad=True), torch.zeros(1, 1, requires_grad=True))
    FilmMaskLoss()(output, targets).backward()
    assert output.logits.grad is not None and output.logits.grad.isfinite().all() and output.logits.grad.any()
