from __future__ import annotations

import torch
from torch import nn

from monai_app.engines.averaging import AveragedNetwork


def test_a_constant_network_is_its_own_average() -> None:
    network = nn.Linear(3, 2)
    average = AveragedNetwork(network, decay=0.9)
    for _ in range(5):
        average.update(network)
    assert torch.allclose(average.module.weight, network.weight)


def test_the_average_lags_by_the_decay() -> None:
    network = nn.Linear(1, 1, bias=False)
    nn.init.zeros_(network.weight)
    average = AveragedNetwork(network, decay=0.0)
    average.update(network)
    nn.init.ones_(network.weight)
    average.update(network)
    assert average.module.weight.item() == 1.0
    slow = AveragedNetwork(network, decay=0.9)
    slow.update(network)
    nn.init.zeros_(network.weight)
    slow.update(network)
    assert torch.isclose(slow.module.weight, torch.tensor(2 / 11)).all()  # min(0.9, (1 + 1) / (10 + 1))


def test_batch_statistics_are_those_of_the_network() -> None:
    network = nn.BatchNorm1d(2)
    average = AveragedNetwork(network)
    network(torch.randn(8, 2, generator=torch.Generator().manual_seed(0)) + 5)
    average.update(network)
    assert torch.equal(average.module.running_mean, network.running_mean)
