"""Each metric twice, as a library's point value and over resamples, joined into a value with its 95 % interval."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from monai_app.metrics import calibration, classification, regression, resampled, selective
from monai_app.metrics.bootstrap import Estimate, PatientBootstrap, Rows, interval
from monai_app.metrics.labels import Floats


@dataclass(frozen=True)
class Metric:
    """A metric of labels (N,) and scores, probabilities, decisions or values (N,).

    Attributes:
        point: (label, value) -> number or None where undefined.
        resampled: (label, value, weights (R, N)) -> (R,), NaN where undefined.
    """

    point: Callable[[Floats, Floats], float | None]
    resampled: Callable[[Floats, Floats, Floats], Floats]


RANKING = {
    "auroc": Metric(classification.auroc, resampled.auroc),
    "auprc": Metric(classification.auprc, resampled.auprc),
}
PROBABILITY = {
    "brier": Metric(calibration.brier, resampled.brier),
    "nll": Metric(calibration.nll, resampled.nll),
    "ece": Metric(calibration.ece, resampled.ece),
    "adaptive_ece": Metric(calibration.adaptive_ece, resampled.adaptive_ece),
    "mce": Metric(calibration.mce, resampled.mce),
}
DECISION = {
    "accuracy": Metric(classification.accuracy, resampled.accuracy),
    "precision": Metric(classification.precision, resampled.precision),
    "recall": Metric(classification.recall, resampled.recall),
    "specificity": Metric(classification.specificity, resampled.specificity),
    "f1": Metric(classification.f1, resampled.f1),
}
SELECTIVE = {
    "aurc": Metric(selective.aurc, resampled.aurc),
    "e_aurc": Metric(selective.excess_aurc, resampled.excess_aurc),
}
"""Of errors in {0, 1} and confidences, in the places of labels and scores."""
REGRESSION = {
    "mae": Metric(regression.mae, resampled.mae),
    "mse": Metric(regression.mse, resampled.mse),
    "r2": Metric(regression.r2, resampled.r2),
}
MEAN = Metric(
    lambda _, values: float(values.mean()) if values.size else None,
    lambda _, values, weights: resampled.weighted_mean(values, weights),
)
"""The mean of per-sample parts, for scores that are such a mean."""


@dataclass(frozen=True)
class Measured:
    """A point value and its replicates (R,), kept together until they are averaged or summarised."""

    value: float | None
    replicates: Floats = field(default_factory=lambda: np.zeros(0))

    @property
    def estimate(self) -> Estimate:
        """The value with its interval."""
        return interval(self.value, self.replicates)


def measure(metric: Metric, label: Floats, value: Floats, *, rows: Rows, bootstrap: PatientBootstrap) -> Measured:
    """A metric on labelled samples.

    Args:
        metric: what is computed.
        label: labels of the chosen samples (n,), without NaN.
        value: what the metric compares them with, (n,).
        rows: which of the bootstrap's samples those are, a mask (N,) or indices (n,).
        bootstrap: the draws.
    """
    return Measured(
        metric.point(label, value), bootstrap.replicates(rows, lambda weights: metric.resampled(label, value, weights))
    )


def macro(parts: Sequence[Measured]) -> Measured:
    """The unweighted mean over classes where the metric is defined; undefined when it is nowhere.

    A resample that leaves a rare class undefined is averaged over the others.
    """
    known = [part for part in parts if part.value is not None]
    if not known:
        return Measured(None)
    stacked = np.stack([part.replicates for part in known])
    defined = np.isfinite(stacked)
    total = np.where(defined, stacked, 0.0).sum(axis=0)
    count = defined.sum(axis=0)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return Measured(float(np.mean([part.value for part in known])), mean)
