"""Late fusion is the mean of probabilities over the modalities present."""

from __future__ import annotations

import pytest
import torch

from monai_app.cohort.spec import ModelSpec
from monai_app.networks.fusion.late import LateFusion

PRESENT = torch.tensor([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 1, 0]]).bool()


@pytest.fixture
def late(spec: ModelSpec) -> LateFusion:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return LateFusion(spec, width=8)


@pytest.fixture
def tokens(late: LateFusion) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return {name: torch.randn(3, 2, 8, generator=generator) for name in late.modalities}


@pytest.mark.parametrize("task", ["death", "findings", "survival"])
def test_probability_is_the_mean_over_present_modalities(
    late: LateFusion, tokens: dict[str, torch.Tensor], task: str
) -> None:
    output = late(tokens, PRESENT)
    own = torch.stack([output.modality_logits[name][task].sigmoid() for name in late.modalities], 1)
    mean = (own * PRESENT[..., None]).sum(1) / PRESENT.sum(1, keepdim=True)
    torch.testing.assert_close(output.logits[task].sigmoid(), mean)


def test_classes_still_sum_to_one_and_values_are_averaged(late: LateFusion, tokens: dict[str, torch.Tensor]) -> None:
    output = late(tokens, PRESENT)
    torch.testing.assert_close(output.logits["type"].exp().sum(1), torch.ones(3))
    torch.testing.assert_close(output.logits["stay"][2], output.modality_logits["table"]["stay"][2])


def test_temperature_softens_and_score_weighs(late: LateFusion, tokens: dict[str, torch.Tensor]) -> None:
    plain = late(tokens, PRESENT)
    late.log_temperature += 5
    assert (late(tokens, PRESENT).logits["death"].abs() < plain.logits["death"].abs()).all()
    late.log_temperature.zero_()
    late.score[3] = 50.0
    weighted = late(tokens, PRESENT)
    torch.testing.assert_close(weighted.logits["death"][1], plain.modality_logits["note"]["death"][1])
    torch.testing.assert_close(weighted.logits["death"][2], plain.logits["death"][2])
