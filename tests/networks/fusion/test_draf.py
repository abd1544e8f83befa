"""DRAF: reliabilities sum to one over what is present, fall with doubt, and absent modalities say nothing."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.spec import ModelSpec, TaskKind
from monai_app.networks.fusion.draf import DRAF

PRESENT = torch.tensor([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 0]]).bool()
VARIANCE = torch.tensor([[0.1, 0.2, 0.05, 0.2], [0.0, 0.1, 0.0, 0.2], [0.0, 0.0, 0.1, 0.0]])
CLEAN = torch.zeros(3, 4)


def built(spec: ModelSpec, **options: object) -> DRAF:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return DRAF(spec, width=8, samples=6, **options).eval()  # type: ignore[arg-type]


@pytest.fixture
def draf(spec: ModelSpec) -> DRAF:
    return built(spec)


@pytest.fixture
def tokens(draf: DRAF) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(3, 1 + m, 8, generator=generator) for m, name in enumerate(draf.modalities)}


def reliability(draf: DRAF, variance: torch.Tensor, suspicion: torch.Tensor, alpha: float, beta: float) -> torch.Tensor:
    return draf.reliability(variance, suspicion, PRESENT, torch.tensor(alpha), torch.tensor(beta))


@pytest.mark.parametrize(("alpha", "beta"), [(0.0, 0.0), (1.0, 1.0), (1e30, 1e30), (1e3, 0.0)])
def test_reliabilities_sum_to_one_over_what_is_present(draf: DRAF, alpha: float, beta: float) -> None:
    weights = reliability(draf, VARIANCE, torch.randn(3, 4, generator=torch.Generator().manual_seed(0)), alpha, beta)
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(3))
    assert (weights[~PRESENT] == 0).all()


def test_alpha_zero_and_beta_zero_weigh_all_alike(draf: DRAF) -> None:
    weights = reliability(draf, VARIANCE, CLEAN, 0.0, 0.0)
    torch.testing.assert_close(weights, PRESENT / PRESENT.sum(dim=1, keepdim=True))


def test_reliability_falls_with_uncertainty_and_with_suspicion(draf: DRAF) -> None:
    before = reliability(draf, VARIANCE, CLEAN, 10.0, 1.0)
    doubted = VARIANCE.clone()
    doubted[0, 2] += 0.1
    suspected = CLEAN.clone()
    suspected[0, 2] += 1.0
    assert reliability(draf, doubted, CLEAN, 10.0, 1.0)[0, 2] < before[0, 2]
    assert reliability(draf, VARIANCE, suspected, 10.0, 1.0)[0, 2] < before[0, 2]


def test_a_huge_alpha_chooses_the_most_certain_modality(draf: DRAF) -> None:
    torch.testing.assert_close(reliability(draf, VARIANCE, CLEAN, 1e30, 0.0)[0], torch.tensor([0.0, 0.0, 1.0, 0.0]))


def test_standardised_uncertainty_does_not_depend_on_its_unit(draf: DRAF) -> None:
    draf.fit_spread(VARIANCE, PRESENT)
    weights = reliability(draf, VARIANCE, CLEAN, 1.0, 0.0)
    draf.fit_spread(VARIANCE * 1e-3, PRESENT)
    torch.testing.assert_close(reliability(draf, VARIANCE * 1e-3, CLEAN, 1.0, 0.0), weights)


def test_one_sample_gives_finite_even_weights(spec: ModelSpec, tokens: dict[str, torch.Tensor]) -> None:
    single = DRAF(spec, width=8, samples=1).eval()
    output = single(tokens, PRESENT)
    single.fit_spread(output.extras["variance"], PRESENT)
    assert (output.extras["variance"] == 0).all()
    weights = single.reliability(output.extras["variance"], CLEAN, PRESENT, single.alpha, single.beta)
    torch.testing.assert_close(weights, PRESENT / PRESENT.sum(dim=1, keepdim=True))


def test_the_ablation_weighs_all_alike_whatever_the_doubt(spec: ModelSpec) -> None:
    weights = reliability(built(spec, weighting="uniform"), VARIANCE, CLEAN, 10.0, 10.0)
    torch.testing.assert_close(weights, PRESENT / PRESENT.sum(dim=1, keepdim=True))


def test_between_sound_modalities_soundness_does_not_choose_and_the_logit_does(spec: ModelSpec) -> None:
    sound = torch.tensor([[-9.0, -12.0, -15.0, -20.0]] * 3)
    even = PRESENT / PRESENT.sum(dim=1, keepdim=True)
    torch.testing.assert_close(reliability(built(spec), VARIANCE, sound, 0.0, 4.0), even, atol=1e-3, rtol=0)
    assert not torch.allclose(reliability(built(spec, suspicion="logit"), VARIANCE, sound, 0.0, 4.0), even, atol=0.1)


def test_evaluation_gives_the_mean_probability_of_the_passes(
    spec: ModelSpec, draf: DRAF, tokens: dict[str, torch.Tensor]
) -> None:
    mixed, of_mean = draf(tokens, PRESENT), built(spec, average="features")(tokens, PRESENT)
    assert torch.equal(mixed.weights, of_mean.weights)
    single = DRAF(spec, width=8, samples=1).eval()
    alone = single(tokens, PRESENT)
    single.average = "features"
    binary = next(task.name for task in spec.tasks if task.kind is TaskKind.BINARY)
    torch.testing.assert_close(single(tokens, PRESENT).logits[binary], alone.logits[binary])
    assert not torch.equal(mixed.logits[binary], of_mean.logits[binary])


def test_the_papers_detector_reads_h(spec: ModelSpec, tokens: dict[str, torch.Tensor]) -> None:
    paper = built(spec, detector="linear", detector_gradient=1.0)
    output = paper(tokens, PRESENT)
    weight = next(iter(paper.detectors.detectors.values()))
    expected = weight(output.extras["features"][:, 0])[:, 0].where(PRESENT[:, 0], torch.zeros(3))
    torch.testing.assert_close(output.extras["corruption_logits"][:, 0], expected)


def test_bytes_of_an_absent_modality_change_no_bit(draf: DRAF, tokens: dict[str, torch.Tensor]) -> None:
    output = draf(tokens, PRESENT)
    spoiled = {name: value.clone() for name, value in tokens.items()}
    for m, name in enumerate(draf.modalities):
        spoiled[name][~PRESENT[:, m]] = torch.nan
    again = draf(spoiled, PRESENT)
    assert all(torch.equal(again.logits[task], output.logits[task]) for task in output.logits)
    assert all(torch.equal(again.extras[name], output.extras[name]) for name in output.extras)


def test_a_sample_alone_is_the_sample_in_its_batch(draf: DRAF, tokens: dict[str, torch.Tensor]) -> None:
    output = draf(tokens, PRESENT)
    alone = draf({name: value[1:2] for name, value in tokens.items()}, PRESENT[1:2])
    torch.testing.assert_close(alone.logits, {task: value[1:2] for task, value in output.logits.items()})
    torch.testing.assert_close(alone.extras["variance"], output.extras["variance"][1:2])


def test_everything_learns(draf: DRAF, tokens: dict[str, torch.Tensor]) -> None:
    output = draf.train()(tokens, PRESENT)
    parts = [*output.logits.values(), output.extras["corruption_logits"]]
    parts += [value for logits in output.modality_logits.values() for value in logits.values()]
    torch.stack([part.sum() for part in parts]).sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in draf.parameters())


def test_training_follows_the_spread_of_uncertainty(draf: DRAF, tokens: dict[str, torch.Tensor]) -> None:
    draf.train()(tokens, torch.ones_like(PRESENT))
    assert (draf.spread_mean > 0).all()
    assert (draf.spread_std < 1).all()
