"""The page: a claim is met only by a whole interval, and every arm, number and n stands on it."""

from __future__ import annotations

import pytest

from monai_app.benchmark.synthetic_arms import Arm
from monai_app.benchmark.synthetic_report import (
    SyntheticFacts,
    arms_figure,
    interval_text,
    synthetic_claims,
    synthetic_page,
)
from monai_app.benchmark.synthetic_scores import Scores, scored
from monai_app.metrics.bootstrap import Estimate
from tests.benchmark.test_synthetic_scores import N, arm


def facts(*arms: Arm) -> SyntheticFacts:
    return SyntheticFacts(
        cohort="real ones",
        synthetic="made ones",
        label="rare",
        split="held_out",
        patients=N,
        seeds=range(3),
        arms=arms,
        rows={"real": 50, "synthetic": 70},
        steps=dict.fromkeys(arms, 96),
        settings={"steps": 96},
    )


@pytest.fixture(scope="module")
def scores() -> Scores:
    strengths = {Arm.REAL: 1.0, Arm.SYNTHETIC: -2.0, Arm.BOTH: 6.0, Arm.PRETRAINED: 1.0}
    return scored({name.value: arm(strength) for name, strength in strengths.items()}, resamples=100)


def test_a_claim_is_met_or_broken_by_a_whole_interval_only(scores: Scores) -> None:
    claims = synthetic_claims(scores, facts(*Arm))
    assert [claim.met for claim in claims] == [False, True, None]
    assert claims[1].measured == interval_text(scores.difference("both", "real", "rare", "auprc"))


def test_without_real_films_nothing_is_claimed(scores: Scores) -> None:
    assert synthetic_claims(scores, facts(Arm.SYNTHETIC, Arm.BOTH)) == []


def test_the_page_names_arms_numbers_and_n(scores: Scores) -> None:
    told = facts(*Arm)
    page = synthetic_page(scores, told, synthetic_claims(scores, told)).render()
    for text in ("pretrained", "TSTR", "50 real", "70 synthetic", f"n = {N}", "8 of 120", "does not hold", "<svg"):
        assert text in page
    assert f"{scores.value('both', 'rare', 'auprc').value:.3f}" in page


def test_a_page_of_one_arm_has_no_differences(scores: Scores) -> None:
    page = synthetic_page(scores, facts(Arm.REAL), []).render()
    assert "- real</td>" not in page and "undefined" in page


def test_the_figure_has_a_row_an_arm(scores: Scores) -> None:
    figure = arms_figure(scores, facts(*Arm))
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == [arm.value for arm in Arm]


def test_a_difference_shows_its_sign() -> None:
    assert interval_text(Estimate(0.0214, -0.003, 0.044)) == "+0.021 [-0.003, +0.044]"
    assert (interval_text(Estimate(None)), interval_text(Estimate(-0.1))) == ("undefined", "-0.100")
