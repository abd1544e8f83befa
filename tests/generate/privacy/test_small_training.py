from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from monai_app.core.random import torch_generator
from monai_app.generate.privacy.small_training import (
    Samples,
    SmallTraining,
    sample_losses,
    small_classifier,
    train_small,
)

HOW = SmallTraining(1.0, 0.0, 0.5, 40, learning_rate=0.05, hidden=8)


def samples() -> Samples:
    features = torch.randn(40, 5, generator=torch_generator("small"))
    labels = (features[:, :2] > 0).float()
    labels[::3, 1] = float("nan")
    return Samples(features, labels, np.arange(40))


def test_it_learns_and_noise_makes_it_learn_less() -> None:
    start = small_classifier(5, 2, hidden=8, seed=0)
    losses = [
        float(sample_losses(network, samples()).detach().mean())
        for network in (start, train_small(samples(), HOW), train_small(samples(), replace(HOW, noise_multiplier=20.0)))
    ]
    assert losses[1] < 0.5 * losses[0] and losses[1] < losses[2]


def test_training_is_a_function_of_its_seed() -> None:
    short = replace(HOW, steps=3, noise_multiplier=1.0)
    weights = [train_small(samples(), replace(short, seed=seed))[0].weight for seed in (0, 0, 1)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_unlabelled_entries_do_not_count() -> None:
    network, data = small_classifier(5, 2, hidden=8, seed=0), samples()
    alone = sample_losses(network, Samples(data.features[:1], data.labels[:1], data.subject_id[:1]))
    torch.testing.assert_close(sample_losses(network, data)[:1], alone)
    nothing = Samples(data.features, torch.full_like(data.labels, float("nan")), data.subject_id)
    assert float(sample_losses(network, nothing).detach().sum()) == 0
