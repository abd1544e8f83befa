"""The classifier of volumes: a volume's prediction is its own, whatever its size, and every weight learns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_app.cohort.spec import TaskSpec
from monai_app.networks.volume import VolumeClassifier

TASKS = (
    TaskSpec(name="lesion", kind="binary"),
    TaskSpec(name="size", kind="multiclass", classes=("small", "middle", "large")),
)


@pytest.fixture
def network() -> VolumeClassifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return VolumeClassifier(TASKS, init_features=4, growth_rate=4, blocks=(1, 1), hidden=8, samples=5).eval()


def volumes(*shape: int) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(32, 32, 32), (32, 40, 24)])
def test_a_volume_alone_is_the_volume_in_its_batch(network: VolumeClassifier, shape: tuple[int, ...]) -> None:
    batch = volumes(3, 1, *shape)
    whole, alone = network(batch), network(batch[1:2])
    assert {name: tuple(value.shape) for name, value in whole.logits.items()} == {"lesion": (3, 1), "size": (3, 3)}
    torch.testing.assert_close(alone.logits, {name: value[1:2] for name, value in whole.logits.items()})


def test_heads_start_at_the_prevalences(network: VolumeClassifier) -> None:
    network.set_statistics({"target_mean_lesion": np.array([0.25]), "target_mean_size": np.array([0.2, 0.3, 0.5])})
    assert network.heads.bias("lesion").sigmoid().item() == pytest.approx(0.25)


def test_every_weight_learns(network: VolumeClassifier) -> None:
    output = network.train()(volumes(2, 1, 32, 32, 32))
    torch.cat([value.flatten() for value in output.logits.values()]).square().sum().backward()
    assert [name for name, value in network.named_parameters() if value.grad is None] == []
