"""With a network whose log odds are known sums of modalities, shares come out as they went in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from monai_app.benchmark.attribution_shares import (
    LOSS,
    SHAPLEY_SIZE,
    SHAPLEY_VARIANCE,
    WEIGHT,
    Worth,
    alone,
    modality_worth,
    reads,
    recovered,
    reliance,
    spearman,
)

SHARES = np.array([[0.6, 0.3, 0.1], [0.1, 0.2, 0.7]])
TAU, N = 3.0, 600
TARGETS = [SimpleNamespace(target=SimpleNamespace(score=lambda logits, k=k: logits[:, k])) for k in range(2)]


class Additive:
    """Tokens are standard normal; the logit of a label is tau times the sum of sqrt(share) times the token."""

    modalities = ("a", "b", "c")

    def presence(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return inputs["present"]

    def encode(self, inputs: Mapping[str, Tensor], present: Tensor) -> dict[str, Tensor]:
        return {name: inputs[name][:, None, None] for name in self.modalities}

    def fusion(self, tokens: Mapping[str, Tensor], present: Tensor) -> SimpleNamespace:
        values = torch.stack([tokens[name][:, 0, 0] for name in self.modalities], dim=1) * present
        weights = torch.tensor(np.sqrt(SHARES) * TAU, dtype=torch.float32)
        return SimpleNamespace(logits=values @ weights.T, weights=present / present.sum(1, keepdim=True))


@pytest.fixture(scope="module")
def inputs() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(N, 3, generator=generator)
    present = torch.rand(N, 3, generator=generator) < 0.8
    present[:, 0] |= ~present.any(dim=1)
    return {name: values[:, k] for k, name in enumerate("abc")} | {"present": present}


@pytest.fixture(scope="module")
def worth(inputs: dict[str, Tensor]) -> Worth:
    def batches() -> Iterator[dict[str, Tensor]]:
        for start in range(0, N, 250):
            yield {key: value[start : start + 250] for key, value in inputs.items()}

    return modality_worth(Additive(), batches(), TARGETS, np.zeros(2))  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def labels(worth: Worth) -> np.ndarray:
    random = np.random.default_rng(0)
    return (random.random((N, 2)) < 1 / (1 + np.exp(-worth.scores[:, -1]))).astype(float)


def test_shapley_values_add_up_and_absent_modalities_have_none(worth: Worth) -> None:
    np.testing.assert_allclose(worth.shapley.sum(axis=1), worth.scores[:, -1] - worth.scores[:, 0], atol=1e-6)
    np.testing.assert_allclose(worth.shapley[~worth.presence], 0, atol=1e-12)


def test_variance_of_shapley_is_the_share(worth: Worth, labels: np.ndarray) -> None:
    found = reliance(worth, labels, np.ones((1, N)))[SHAPLEY_VARIANCE][0]
    np.testing.assert_allclose(found, SHARES, atol=0.05)


def test_every_statistic_but_blind_weights_recovers_the_order(worth: Worth, labels: np.ndarray) -> None:
    found = recovered(worth, labels, SHARES, np.ones((2, 3), bool), np.arange(N), resamples=50)
    for name in (SHAPLEY_VARIANCE, SHAPLEY_SIZE, LOSS):
        estimate = found[name].over_all
        assert estimate == found[name].over_read
        assert estimate.value is not None and estimate.value > 0.8
        assert estimate.low is not None and estimate.low <= estimate.value
    assert abs(found[WEIGHT].over_all.value or 0.0) < 0.6  # equal weights know nothing of labels


def test_weighting_cases_equals_repeating_them(worth: Worth, labels: np.ndarray) -> None:
    weights = np.zeros((1, N))
    weights[0, :40] = np.arange(40) % 3
    rows = np.repeat(np.arange(N), weights[0].astype(int))
    part = Worth(worth.modalities, worth.presence[rows], worth.scores[rows], worth.weights[rows])  # type: ignore[index]
    one, other = reliance(worth, labels, weights), reliance(part, labels[rows], np.ones((1, len(rows))))
    for name in one:
        np.testing.assert_allclose(one[name], other[name], atol=1e-9)


def test_unknown_labels_do_not_count(worth: Worth, labels: np.ndarray) -> None:
    holed = labels.copy()
    holed[::2] = np.nan
    half = Worth(worth.modalities, worth.presence[1::2], worth.scores[1::2], None)
    one = reliance(worth, holed, np.ones((1, N)))[LOSS]
    np.testing.assert_allclose(one, reliance(half, labels[1::2], np.ones((1, N // 2)))[LOSS])


def test_a_statistic_that_does_not_vary_has_no_correlation() -> None:
    assert np.isnan(spearman(np.ones((2, 2)), SHARES[:, :2]))


def test_a_model_reads_what_it_gets_half_of(worth: Worth, labels: np.ndarray) -> None:
    own = alone(worth, labels)
    assert (own.argmax(axis=1) == SHARES.argmax(axis=1)).all() and (own > 0.5).all()
    assert reads(own, own).all()
    assert not reads(np.full((1, 1), 0.6), np.full((1, 1), 0.8)).any()
    assert reads(np.full((1, 2), np.nan), np.array([[0.5, 0.7]])).tolist() == [[True, False]]


def test_pairs_that_are_not_read_do_not_count_among_the_read(worth: Worth, labels: np.ndarray) -> None:
    wrong = SHARES.copy()
    wrong[0] = wrong[0, ::-1]
    read = np.array([[False] * 3, [True] * 3])
    found = recovered(worth, labels, wrong, read, np.arange(N), resamples=0)[SHAPLEY_VARIANCE]
    assert found.over_read.value == pytest.approx(1.0)
    assert found.over_all.value is not None and found.over_all.value < 0.9
