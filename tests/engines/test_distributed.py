from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import distributed, nn

from monai_app.engines.distributed import (
    average_gradients,
    from_rank_zero,
    leave_process_group,
    local_device,
    rank,
    share_buffers,
    unwrapped,
    world_size,
    wrapped,
)


@pytest.fixture
def group_of_one(tmp_path: Path) -> Iterator[None]:
    distributed.init_process_group("gloo", init_method=f"file://{tmp_path / 'store'}", rank=0, world_size=1)
    yield
    leave_process_group()


def test_alone_means_rank_zero_of_one() -> None:
    assert (rank(), world_size()) == (0, 1)
    leave_process_group()


@pytest.mark.usefixtures("group_of_one")
def test_a_wrapped_network_gives_the_same_gradients() -> None:
    plain, inputs = nn.Linear(3, 1), torch.ones(2, 3)
    shell = wrapped(nn.Linear(3, 1), torch.device("cpu"))
    unwrapped(shell).load_state_dict(plain.state_dict())
    plain(inputs).sum().backward()
    shell(inputs).sum().backward()
    assert torch.equal(unwrapped(shell).weight.grad, plain.weight.grad)
    assert unwrapped(plain) is plain


@pytest.mark.usefixtures("group_of_one")
def test_sharing_with_oneself_changes_nothing() -> None:
    network = nn.BatchNorm1d(2)
    network(torch.arange(6.0).reshape(3, 2)).sum().backward()
    mean, grad = network.running_mean.clone(), network.weight.grad.clone()
    share_buffers(network)
    average_gradients(network)
    assert torch.equal(network.running_mean, mean) and torch.equal(network.weight.grad, grad)
    assert from_rank_zero("fp32") == "fp32"


def test_without_an_accelerator_the_device_is_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert local_device() == torch.device("cpu")
