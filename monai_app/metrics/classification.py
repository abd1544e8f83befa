"""Classification metrics of one binary label: ranking (AUROC, AUPRC) and decisions (accuracy, precision, recall, F1).

Point values come from scikit-learn. An undefined value (one class only, nothing predicted, nothing labelled) is None.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sk

from monai_app.metrics.labels import Floats, both_classes, number_or_none


def auroc(label: Floats, score: Floats) -> float | None:
    """Area under the ROC curve of labels (N,) in {0, 1}; None unless both classes are there."""
    return float(sk.roc_auc_score(label, score)) if both_classes(label) else None


def auprc(label: Floats, score: Floats) -> float | None:
    """Average precision (step-wise area under the precision-recall curve); None unless both classes are there."""
    return float(sk.average_precision_score(label, score)) if both_classes(label) else None


def accuracy(label: Floats, decision: Floats) -> float | None:
    """Share of decisions (N,) equal to the label; labels may be class indices."""
    return float(sk.accuracy_score(label, decision)) if label.size else None


def precision(label: Floats, decision: Floats) -> float | None:
    """Positive predictive value; None when nothing is decided positive."""
    return number_or_none(float(sk.precision_score(label, decision, zero_division=np.nan))) if label.size else None


def recall(label: Floats, decision: Floats) -> float | None:
    """Sensitivity; None when no label is positive."""
    return number_or_none(float(sk.recall_score(label, decision, zero_division=np.nan))) if label.size else None


def specificity(label: Floats, decision: Floats) -> float | None:
    """True negative rate; None when no label is negative."""
    return recall(1 - label, 1 - decision)


def f1(label: Floats, decision: Floats) -> float | None:
    """2 TP / (2 TP + FP + FN); None when no label and no decision is positive."""
    return number_or_none(float(sk.f1_score(label, decision, zero_division=np.nan))) if label.size else None


def confusion(label: Floats, decision: Floats, *, classes: int) -> NDArray[np.int64]:
    """Counts (classes, classes): rows are labels, columns decisions."""
    if not label.size:
        return np.zeros((classes, classes), dtype=np.int64)
    return np.asarray(sk.confusion_matrix(label, decision, labels=np.arange(classes)), dtype=np.int64)


def roc_curve(label: Floats, score: Floats) -> tuple[Floats, Floats] | None:
    """False and true positive rates; None unless both classes are there."""
    if not both_classes(label):
        return None
    false_positive, true_positive, _ = sk.roc_curve(label, score)
    return np.asarray(false_positive, np.float64), np.asarray(true_positive, np.float64)


def precision_recall_by_threshold(label: Floats, score: Floats) -> tuple[Floats, Floats, Floats]:
    """Precision, recall and their threshold (ascending), each (G,); labels must hold both classes."""
    precisions, recalls, thresholds = sk.precision_recall_curve(label, score)
    return np.asarray(precisions[:-1]), np.asarray(recalls[:-1]), np.asarray(thresholds, np.float64)


def precision_recall_curve(label: Floats, score: Floats) -> tuple[Floats, Floats] | None:
    """Recall (descending) and precision; None unless both classes are there."""
    if not both_classes(label):
        return None
    precisions, recalls, _ = sk.precision_recall_curve(label, score)
    return np.asarray(recalls, np.float64), np.asarray(precisions, np.float64)
