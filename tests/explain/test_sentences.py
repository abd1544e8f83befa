"""Scores become sentences that say the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_app.cohort.spec import ModelSpec
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.modality_shares import Draws, ModalityShares, Prior
from monai_app.explain.sentences import (
    checks,
    compared_with,
    deletion_sentence,
    interaction_sentence,
    interval_sentence,
    legend,
    precision_words,
    summary,
    verdict,
    weights_sentence,
)
from monai_app.explain.target import find_target
from tests.explain.presented import BAD, GOOD

MADE = AttributionMap(
    "film", "integrated_gradients", np.ones((2, 2), np.float32), 4.0, 0.0, "b", 32, np.ones((2, 2), bool)
)
SHARES = ModalityShares(
    ("film", "note", "table"),
    np.array([0.01, 0.7, -0.29]),
    np.array([[0, 0.1, 0], [0.1, 0, -0.4], [0, -0.4, 0]]),
    np.array([0.01, 0.7, 0.29]),
    np.zeros(8),
    Prior(0.0, "p"),
    np.array([0.2, 0.5, 0.3]),
    0.5,
    7,
)


def test_removal_is_told_in_probabilities(spec: ModelSpec) -> None:
    text = deletion_sentence(find_target(spec, "death"), "film", GOOD.faithfulness)
    assert "from 0.81 to 0.32; without a random tenth, to 0.79" in text and "pixels" in text
    assert "0.81 days" in deletion_sentence(find_target(spec, "stay"), "note", GOOD.faithfulness)


def test_good_map_passes_every_check_and_bad_map_none_but_the_sum(spec: ModelSpec) -> None:
    target = find_target(spec, "death")
    assert [passed for _, _, passed in checks(target, MADE, GOOD)] == [True] * 6
    assert [passed for _, _, passed in checks(target, MADE, BAD)] == [True, *[False] * 4]
    assert verdict(checks(target, MADE, BAD)) == "1 of 5 checks passed"
    assert checks(target, replace(MADE, score=5.0), GOOD)[0][2] is False
    assert len(checks(target, replace(MADE, complete=False), GOOD)) == 5


def test_what_cannot_be_told_counts_neither_way(spec: ModelSpec) -> None:
    unknown = replace(GOOD, faithfulness=replace(GOOD.faithfulness, deletion=None))
    rows = checks(find_target(spec, "death"), MADE, unknown)
    assert rows[1][2] is None and verdict(rows) == "5 of 5 checks passed"


def test_summary_names_what_counted_and_what_did_not() -> None:
    texts = summary(SHARES, {})
    assert texts[0] == "What moved the model, in parts of all influence: the notes (70%), then the patient data (29%)."
    assert texts[1].startswith("The film hardly counted (1%)") and len(texts) == 2


def test_strongest_pair_and_weights_are_told() -> None:
    assert "notes and patient data: with both, the score is 0.40 lower than" in interaction_sentence(SHARES)
    assert "+0.50" in weights_sentence(SHARES)
    assert weights_sentence(replace(SHARES, weights=None)).startswith("This model has no weights")
    assert "Their order cannot be compared" in weights_sentence(replace(SHARES, rank_correlation=None))
    assert (
        interaction_sentence(replace(SHARES, names=("film",))) == "With one kind of data there is nothing to combine."
    )


def test_failed_map_is_not_to_be_read_and_the_reader_is_told_what_to_do(spec: ModelSpec) -> None:
    rows = {"film": checks(find_target(spec, "death"), MADE, BAD)}
    last = summary(SHARES, rows)[-1]
    assert last.startswith("Do not read the map of the film: taking out what it marks does no more") and "judge" in last
    both = summary(SHARES, {"film": checks(find_target(spec, "death"), replace(MADE, score=5.0), BAD)})[-1]
    assert "its parts do not add up to the whole effect, and taking out" in both
    good = {"film": checks(find_target(spec, "death"), replace(MADE, complete=False), GOOD)}
    assert not any(text.startswith("Do not") for text in summary(SHARES, good))


def test_intervals_are_told_where_the_model_draws() -> None:
    assert interval_sentence(SHARES) == "No interval: this model gives one answer."
    drawn = replace(SHARES, draws=Draws(20, np.zeros((3, 2)), np.zeros((3, 2))))
    assert "the model's own 20 draws" in interval_sentence(drawn) and "not whether it is right" in interval_sentence(
        drawn
    )


def test_what_a_map_is_compared_with_and_computed_in() -> None:
    assert compared_with(MADE) == "b"
    for cam in ("grad_cam", "hires_cam"):
        assert compared_with(replace(MADE, method=cam)).startswith("nothing")
        assert "compares with nothing" in legend(replace(MADE, method=cam), "film")
    assert "compared with b;" in legend(MADE, "film")
    assert precision_words(MADE) == "fp32"
    assert precision_words(replace(MADE, precision="bf16", rounding_cosine=0.9987)).startswith("bf16 (cosine")


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_summary_of_one_modality_is_a_sentence(share: float) -> None:
    lone = replace(SHARES, names=("film",), shares=np.array([share]))
    assert len(summary(lone, {})) == 1
