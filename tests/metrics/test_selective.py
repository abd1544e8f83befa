from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import AppError, InputRejected
from monai_app.core.random import numpy_generator
from monai_app.metrics import selective

WRONG = np.array([0.0, 1, 0, 1])
CONFIDENCE = np.array([0.9, 0.8, 0.7, 0.6])


def test_curve_of_a_hand_case():
    curve = selective.risk_coverage(WRONG, CONFIDENCE)
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1]
    assert curve.risk == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])


def test_areas_of_a_hand_case():
    area = (0 + 1 / 2 + 1 / 3 + 1 / 2) / 4
    assert selective.aurc(WRONG, CONFIDENCE) == pytest.approx(area)
    assert selective.excess_aurc(WRONG, CONFIDENCE) == pytest.approx(area - (0 + 0 + 1 / 3 + 1 / 2) / 4)


def test_perfect_ordering_has_no_excess():
    assert selective.excess_aurc(WRONG, 1 - WRONG) == pytest.approx(0, abs=1e-15)
    assert selective.aurc(WRONG, 1 - WRONG) == pytest.approx((0 + 0 + 1 / 3 + 1 / 2) / 4)


def test_full_tie_gives_the_error_rate_at_every_coverage():
    assert selective.risk_coverage(WRONG, np.zeros(4)).risk == pytest.approx([0.5] * 4)


def test_ties_are_the_mean_over_their_orders():
    wrong, tied = np.array([0.0, 1, 0]), np.array([0.9, 0.5, 0.5])
    orders = [selective.aurc(wrong, tied + step) for step in (np.array([0, 0.1, 0]), np.array([0, 0, 0.1]))]
    assert selective.aurc(wrong, tied) == pytest.approx(np.mean(orders))


def test_sample_order_does_not_matter():
    random = numpy_generator("tests/selective")
    wrong, confidence = (random.random(60) < 0.3).astype(float), np.round(random.random(60), 1)
    order = random.permutation(60)
    for metric in (selective.aurc, selective.excess_aurc):
        assert metric(wrong[order], confidence[order]) == pytest.approx(metric(wrong, confidence), abs=1e-12)


def test_error_at_coverage_keeps_the_most_confident():
    assert [selective.error_at_coverage(WRONG, CONFIDENCE, c) for c in (0.25, 0.5, 1.0)] == [0, 0.5, 0.5]


def test_coverage_between_samples_keeps_the_next_one():
    assert selective.error_at_coverage(WRONG, CONFIDENCE, 0.3) == 0.5


def test_coverage_is_not_rounded_up_by_floating_point():
    wrong = (np.arange(100) == 7).astype(float)
    assert selective.error_at_coverage(wrong, -np.arange(100.0), 0.07) == 0


@pytest.mark.parametrize(("coverage", "kept"), [(0.25, 1), (0.26, 2), (0.5, 2), (0.75, 3), (1.0, 4)])
def test_confidence_for_coverage_keeps_at_least_that_share(coverage, kept):
    assert (selective.confidence_for_coverage(CONFIDENCE, coverage) <= CONFIDENCE).sum() == kept


def test_confidence_for_coverage_lies_half_way_and_keeps_ties_together():
    assert selective.confidence_for_coverage(CONFIDENCE, 0.5) == pytest.approx(0.75)
    assert selective.confidence_for_coverage(np.array([0.9, 0.5, 0.5, 0.1]), 0.5) == pytest.approx(0.3)
    assert selective.confidence_for_coverage(CONFIDENCE, 1) == 0


@pytest.mark.parametrize(("precision", "kept"), [(1.0, 1), (0.7, 1), (2 / 3, 3), (0.5, 4)])
def test_confidence_for_precision_keeps_as_many_as_it_can(precision, kept):
    assert (selective.confidence_for_precision(WRONG, CONFIDENCE, precision) <= CONFIDENCE).sum() == kept


def test_precision_that_no_coverage_reaches_is_undefined():
    assert selective.confidence_for_precision(np.array([1.0, 0]), np.array([0.9, 0.8]), 0.9) is None


def test_no_samples_is_undefined():
    empty = np.zeros(0)
    assert selective.confidence_for_coverage(empty, 0.5) is None
    assert selective.confidence_for_precision(empty, empty, 0.5) is None
    assert selective.aurc(empty, empty) is None and selective.excess_aurc(empty, empty) is None
    assert selective.error_at_coverage(empty, empty, 0.5) is None
    assert selective.risk_coverage(empty, empty).risk.size == 0


@pytest.mark.parametrize("coverage", [0.0, -0.1, 1.01, float("nan")])
def test_coverage_outside_the_unit_interval_is_rejected(coverage):
    with pytest.raises(InputRejected, match="COVERAGE_INVALID"):
        selective.error_at_coverage(WRONG, CONFIDENCE, coverage)
    with pytest.raises(InputRejected, match="COVERAGE_INVALID"):
        selective.confidence_for_coverage(CONFIDENCE, coverage)
    with pytest.raises(InputRejected, match="COVERAGE_INVALID"):
        selective.confidence_for_precision(WRONG, CONFIDENCE, coverage)


@pytest.mark.parametrize(
    ("code", "confidence"),
    [("SHAPE_MISMATCH", np.zeros(3)), ("CONFIDENCE_NOT_FINITE", np.array([0, 0, np.nan, 1]))],
)
def test_confidences_that_do_not_fit_are_refused(code, confidence):
    with pytest.raises(AppError, match=code):
        selective.risk_coverage(WRONG, confidence)
