"""Resampling after the trunk equals passing the trunk for every sample, and a patient's result is a patient's own."""

from __future__ import annotations

import pytest
import torch

from monai_app.networks.mc_dropout import SampledTail


@pytest.fixture
def tail() -> SampledTail:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SampledTail(8, 6, "film", samples=5, training_samples=3).eval()


@pytest.fixture
def features() -> torch.Tensor:
    return torch.randn(4, 8, generator=torch.Generator().manual_seed(0))


def test_all_samples_at_once_equal_one_pass_each(tail: SampledTail, features: torch.Tensor) -> None:
    one_by_one = torch.stack([tail.sample(features, index) for index in range(5)])
    torch.testing.assert_close(tail(features), one_by_one)


def test_samples_differ_and_asking_again_changes_nothing(tail: SampledTail, features: torch.Tensor) -> None:
    assert not torch.equal(tail(features)[0], tail(features)[1])
    assert torch.equal(tail(features), tail(features))


def test_another_purpose_has_other_masks(tail: SampledTail) -> None:
    assert not torch.equal(tail.input_mask, SampledTail(8, 6, "note", samples=5).input_mask)


def test_training_draws_masks_for_every_sample_of_the_batch(tail: SampledTail) -> None:
    same = torch.ones(4, 8)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        drawn = tail.train()(same)
    assert drawn.shape == (3, 4, 6)
    assert not torch.equal(drawn[0, 0], drawn[0, 1])


def test_the_expectation_is_kept() -> None:
    mask = SampledTail(64, 6, "film", samples=4000, rate=0.3).input_mask
    torch.testing.assert_close(mask.mean(), torch.tensor(1.0), atol=0.01, rtol=0)


@pytest.mark.parametrize("options", [{"samples": 0}, {"training_samples": 0}, {"rate": 1.0}])
def test_impossible_settings_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="need samples >= 1"):
        SampledTail(8, 6, "film", **options)  # type: ignore[arg-type]
