"""DrFuse: shared features meet as probabilities, and every output has its own attention."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.drfuse import DrFuse, mean_logit, shared_divergence

BOTH, FIRST = torch.tensor([[True, True]]), torch.tensor([[True, False]])
NAMES = ("film", "series", "table", "note")


@pytest.mark.parametrize(("one", "two"), [(0.3, -1.2), (50.0, 50.0), (-50.0, -50.0), (50.0, -50.0), (-50.0, -40.0)])
def test_shared_feature_is_the_logit_of_the_mean_probability(one: float, two: float) -> None:
    logits = torch.tensor([[[one], [two]]])
    exact = logits.double()
    yes, no = exact.sigmoid().mean(), (-exact).sigmoid().mean()
    torch.testing.assert_close(mean_logit(logits, BOTH).double().squeeze(), torch.log(yes) - torch.log(no))


def test_shared_feature_equals_the_formula_of_the_paper() -> None:
    first, second = torch.tensor(0.7), torch.tensor(-0.4)
    paper = torch.log(2 * torch.exp(first + second) + first.exp() + second.exp()) - torch.log(
        2 + first.exp() + second.exp()
    )
    torch.testing.assert_close(mean_logit(torch.stack([first, second])[None, :, None], BOTH).squeeze(), paper)


def test_lone_shared_feature_is_taken_as_it_is() -> None:
    logits = torch.tensor([[[-50.0, 0.25, 50.0], [1.0, 2.0, 3.0]]])
    torch.testing.assert_close(mean_logit(logits, FIRST), logits[:, 0])


def test_divergence_is_that_of_jensen_and_shannon() -> None:
    logits = torch.tensor([[[0.5], [-1.5]]])
    first, second = (torch.distributions.Bernoulli(logits=logits[0, i]) for i in range(2))
    middle = torch.distributions.Bernoulli(probs=(first.probs + second.probs) / 2)
    divergence = torch.distributions.kl_divergence
    expected = (divergence(first, middle) + divergence(second, middle)) / 2
    torch.testing.assert_close(shared_divergence(logits, BOTH), expected)


def test_divergence_is_zero_unpaired_and_without_gradient() -> None:
    logits = torch.tensor([[[50.0, 1.0], [-50.0, -1.0]]], requires_grad=True)
    assert shared_divergence(logits, FIRST).item() == 0
    shared_divergence(logits, FIRST).sum().backward()
    assert logits.grad is not None and (logits.grad == 0).all()


def test_divergence_of_certain_features_that_disagree_is_log_2() -> None:
    logits = torch.tensor([[[50.0], [-50.0]]])
    torch.testing.assert_close(shared_divergence(logits, BOTH), torch.tensor([2.0]).log())


def test_each_output_attends_by_itself_to_the_branches_present(spec: ModelSpec) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = DrFuse(spec, width=16).eval()
        tokens = {name: torch.randn(2, 2, 16) for name in NAMES}
    output = network(tokens, torch.tensor([[1, 1, 1, 1], [0, 1, 0, 0]]).bool())
    assert output.branches is not None
    attention = output.branches.attention["findings"]
    assert attention.shape == (2, 3, 5)
    torch.testing.assert_close(attention.sum(dim=2), torch.ones(2, 3))
    assert (attention[1][:, [0, 2, 3]] == 0).all()
    assert not torch.allclose(attention[0, 0], attention[0, 1])
    assert list(output.branches.logits) == [*NAMES, "shared"]


def test_overlap_is_the_cosine_of_the_present_modalities(spec: ModelSpec) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = DrFuse(spec, width=16).eval()
        tokens = {name: torch.randn(1, 1, 16) for name in NAMES}
    output = network(tokens, torch.tensor([[False, True, False, False]]))
    one, other = (
        network.common(network.shared["series"](tokens["series"]))[0, 0],
        network.distinct["series"](tokens["series"])[0, 0],
    )
    torch.testing.assert_close(output.auxiliary["overlap"][0], torch.cosine_similarity(one, other, dim=0).abs())
    assert output.auxiliary["divergence"].item() == 0
