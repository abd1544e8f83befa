"""Sampled heads: the mean over masks, an honest spread, and no draw of their own in evaluation."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.sampled_heads import SampledHeads


def built(spec: ModelSpec, **options: float) -> SampledHeads:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return SampledHeads(spec.tasks, 8, hidden=16, **options).eval()  # type: ignore[arg-type]


@pytest.fixture
def features() -> torch.Tensor:
    return torch.randn(3, 8, generator=torch.Generator().manual_seed(0))


def test_without_dropout_the_masks_agree_and_nothing_spreads(spec: ModelSpec, features: torch.Tensor) -> None:
    many, one = (built(spec, dropout=0.0, samples=count).decide(features) for count in (7, 1))
    for task in spec.tasks:
        spread = many.extras[f"spread_{task.name}"]
        torch.testing.assert_close(spread, torch.zeros_like(spread), atol=1e-6, rtol=0)
        scores = [torch.softmax(each.logits[task.name], dim=1) for each in (many, one)]  # logits up to a constant
        torch.testing.assert_close(*scores, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(many.extras["epistemic"], torch.zeros(3), atol=1e-5, rtol=0)


def test_the_prediction_is_the_mean_probability_of_the_masks(spec: ModelSpec, features: torch.Tensor) -> None:
    heads = built(spec, dropout=0.5, samples=9)
    output = heads.decide(features)
    passes = torch.stack([heads.heads(heads.tail.sample(features, index))["findings"] for index in range(9)]).sigmoid()
    torch.testing.assert_close(output.logits["findings"].sigmoid(), passes.mean(dim=0))
    torch.testing.assert_close(output.extras["spread_findings"], passes.std(dim=0, unbiased=False))
    assert (output.extras["spread_findings"] > 0).all() and (output.extras["epistemic"] > 0).all()


def test_a_sample_alone_is_the_sample_in_its_batch_and_asked_again(spec: ModelSpec, features: torch.Tensor) -> None:
    heads = built(spec)
    whole, alone = heads.decide(features), heads.decide(features[1:2])
    torch.testing.assert_close(alone.logits, {task: value[1:2] for task, value in whole.logits.items()})
    torch.testing.assert_close(alone.extras["spread_death"], whole.extras["spread_death"][1:2])
    assert torch.equal(heads.decide(features).logits["stay"], whole.logits["stay"])


def test_training_draws_one_mask_and_everything_learns(spec: ModelSpec, features: torch.Tensor) -> None:
    heads = built(spec).train()
    output = heads.decide(features)
    torch.cat([value.flatten() for value in output.logits.values()]).square().sum().backward()
    assert all(parameter.grad is not None for parameter in heads.parameters())
    assert all(not value.requires_grad for value in output.extras.values())
