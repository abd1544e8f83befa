from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from monai_app.metrics import classification as c


def test_auroc_is_the_mann_whitney_statistic(tied):
    label, score = tied
    statistic = mannwhitneyu(score[label == 1], score[label == 0]).statistic
    assert c.auroc(label, score) == pytest.approx(statistic / ((label == 1).sum() * (label == 0).sum()), abs=1e-12)


def test_auprc_of_a_hand_case():
    assert c.auprc(np.array([1.0, 0, 1, 0]), np.array([0.9, 0.8, 0.7, 0.1])) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


@pytest.mark.parametrize("label", [np.ones(5), np.zeros(5), np.zeros(0)])
def test_one_class_leaves_ranking_undefined(label):
    score = np.linspace(0, 1, label.size)
    assert c.auroc(label, score) is None
    assert c.auprc(label, score) is None
    assert c.roc_curve(label, score) is None
    assert c.precision_recall_curve(label, score) is None


def test_decision_metrics_of_a_hand_case():
    label, decision = np.array([1.0, 1, 1, 0, 0, 0, 0]), np.array([1.0, 1, 0, 1, 0, 0, 0])
    assert c.accuracy(label, decision) == pytest.approx(5 / 7)
    assert c.precision(label, decision) == pytest.approx(2 / 3)
    assert c.recall(label, decision) == pytest.approx(2 / 3)
    assert c.specificity(label, decision) == pytest.approx(3 / 4)
    assert c.f1(label, decision) == pytest.approx(2 / 3)
    assert c.confusion(label, decision, classes=2).tolist() == [[3, 1], [1, 2]]


def test_what_nothing_speaks_for_is_undefined():
    nothing, one = np.zeros(4), np.array([1.0, 0, 0, 0])
    assert c.precision(one, nothing) is None
    assert c.recall(nothing, one) is None
    assert c.specificity(np.ones(4), one) is None
    assert c.f1(nothing, nothing) is None
    assert c.f1(one, nothing) == 0
    assert [m(np.zeros(0), np.zeros(0)) for m in (c.accuracy, c.precision, c.recall, c.f1)] == [None] * 4
    assert c.confusion(np.zeros(0), np.zeros(0), classes=3).tolist() == [[0] * 3] * 3


def test_order_of_samples_does_not_matter(tied):
    label, score = tied
    order = np.argsort(score, kind="stable")
    for metric in (c.auroc, c.auprc):
        assert metric(label[order], score[order]) == pytest.approx(metric(label, score), abs=1e-12)


def test_monotone_change_of_scores_keeps_the_ranking(tied):
    label, score = tied
    assert c.auroc(label, np.exp(3 * score)) == c.auroc(label, score)
