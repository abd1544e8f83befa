"""What validation measures: decibels an image, and a denoising loss weighted by batch size."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
import torch

from monai_app.engines.generation.key_metrics import DenoisingScore, ReconstructionScore


def fed(metric: Any, batches: list[tuple[Any, Any]]) -> float:
    metric.reset()
    for batch in batches:
        metric.update(batch)
    return float(metric.compute())


def test_decibels_are_averaged_over_images_whatever_the_batches() -> None:
    image = torch.full((2, 1, 4, 4), 0.5)
    drawn = image + torch.tensor([0.1, 0.01])[:, None, None, None]
    whole = fed(ReconstructionScore(), [(SimpleNamespace(image=drawn), image)])
    parts = [(SimpleNamespace(image=drawn[k : k + 1]), image[k : k + 1]) for k in (0, 1)]
    assert whole == pytest.approx(30.0, abs=1e-3) == fed(ReconstructionScore(), parts)


def test_what_lies_outside_the_image_range_counts_as_clipped() -> None:
    white = torch.ones(1, 1, 2, 2)
    assert fed(ReconstructionScore(), [(SimpleNamespace(image=white + 3), white)]) == pytest.approx(100.0)


def test_a_smaller_loss_is_a_better_score_and_batches_count_by_their_size() -> None:
    def loss(output: Any, target: torch.Tensor) -> torch.Tensor:
        return (output.velocity - target).square().mean()

    velocity = torch.tensor([[1.0], [1.0], [3.0]])
    zero = torch.zeros(3, 1)
    parts = [(SimpleNamespace(velocity=velocity[:2]), zero[:2]), (SimpleNamespace(velocity=velocity[2:]), zero[2:])]
    assert fed(DenoisingScore(loss), parts) == pytest.approx(-11 / 3)
