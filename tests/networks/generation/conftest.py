"""A tiny diffusion under a table and labels, and batches for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from monai.networks.nets import DiffusionModelUNet

from monai_app.cohort.spec import TaskSpec
from monai_app.core.random import scoped_torch_seed, torch_generator
from monai_app.networks.encoders import TableEncoder
from monai_app.networks.generation import ConditionedDiffusion, ConditionEncoder

TASKS = (
    TaskSpec(name="death", kind="binary"),
    TaskSpec(name="findings", kind="multilabel", classes=("a", "b")),
    TaskSpec(name="type", kind="multiclass", classes=("x", "y", "z")),
    TaskSpec(name="stay", kind="regression", unit="d"),
)
SHAPE = (2, 8, 8)


def tiny_unet(**channels: int) -> torch.nn.Module:
    net = DiffusionModelUNet(
        spatial_dims=2, num_res_blocks=1, channels=(8, 8), attention_levels=(False, True), norm_num_groups=4,
        num_head_channels=4, with_conditioning=True, cross_attention_dim=8, **channels,
    )  # fmt: skip
    # MONAI starts the last layer of each block at zero; nothing that a test changes would be seen through it.
    with torch.no_grad():
        for name, parameter in net.named_parameters():
            if not bool(parameter.any()):
                parameter.add_(0.3 * torch.randn(parameter.shape, generator=torch_generator("zero", name)))
    return net


@pytest.fixture
def make_diffusion() -> Callable[..., ConditionedDiffusion]:
    def make(**options: Any) -> ConditionedDiffusion:
        with scoped_torch_seed("tiny diffusion"):
            condition = ConditionEncoder(TASKS, {"table": TableEncoder(3, width=8, hidden=4, dropout=0.0)}, width=8)
            return ConditionedDiffusion(condition, tiny_unet, latent_channels=2, **options).eval()

    return make


@pytest.fixture
def make_inputs() -> Callable[..., dict[str, torch.Tensor]]:
    def make(size: int = 4, seed: int = 0) -> dict[str, torch.Tensor]:
        generator = torch_generator("inputs", seed)
        table = torch.randn(size, 2, 3, generator=generator)
        table[0, 0, 0] = torch.nan
        return {
            "image_latent": torch.randn(size, *SHAPE, generator=generator),
            "image_noise": torch.randn(size, *SHAPE, generator=generator),
            "image_time": torch.rand(size, generator=generator),
            "image_dropped": torch.zeros(size, dtype=torch.bool),
            "table": table,
            "table_present": torch.ones(size, dtype=torch.bool),
            "label_death": (torch.rand(size, 1, generator=generator) > 0.5).float(),
            "label_findings": (torch.rand(size, 2, generator=generator) > 0.5).float(),
            "label_type": torch.randint(0, 3, (size, 1), generator=generator).float(),
        }

    return make
