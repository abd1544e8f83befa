"""Selective prediction: the error among the samples that are kept when the least confident ones are abstained from.

Risk-coverage curve: Geifman and El-Yaniv, NeurIPS 2017. Area under it (AURC) and its excess over the perfect ordering
(E-AURC): Geifman, Uziel and El-Yaniv, ICLR 2019. Samples of equal confidence count with their mean error, which is the
expectation over all their orders, so that the order of samples cannot matter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monai_app.core.errors import AppError, InputRejected
from monai_app.metrics.labels import Floats


@dataclass(frozen=True)
class RiskCoverage:
    """A risk-coverage curve, each (N,): share of samples kept, from 1 / N to 1, and the error rate among them."""

    coverage: Floats
    risk: Floats


def risk_coverage(wrong: Floats, confidence: Floats) -> RiskCoverage:
    """The error rate of the k most confident samples, k = 1 ... N.

    Args:
        wrong: (N,) in {0, 1}; any loss of a sample is as good.
        confidence: (N,), higher is kept longer.

    Raises:
        AppError: ``SHAPE_MISMATCH``, ``CONFIDENCE_NOT_FINITE``.
    """
    if wrong.shape != confidence.shape or wrong.ndim != 1:
        raise AppError(
            "SHAPE_MISMATCH", "errors and confidences", got=f"{wrong.shape}, {confidence.shape}", expected="both (N,)"
        )
    if not np.isfinite(confidence).all():
        raise AppError(
            "CONFIDENCE_NOT_FINITE",
            "confidences are not finite",
            got=f"{int((~np.isfinite(confidence)).sum())} of {confidence.size}",
            expected="finite numbers",
        )
    _, tie, count = np.unique(-confidence, return_inverse=True, return_counts=True)
    mean = np.bincount(tie, wrong, minlength=count.size) / count
    kept = np.arange(1, wrong.size + 1)
    return RiskCoverage(coverage=kept / max(1, wrong.size), risk=np.cumsum(np.repeat(mean, count)) / kept)


def aurc(wrong: Floats, confidence: Floats) -> float | None:
    """Area under the risk-coverage curve: the mean of its N risks; lower is better."""
    return float(risk_coverage(wrong, confidence).risk.mean()) if wrong.size else None


def excess_aurc(wrong: Floats, confidence: Floats) -> float | None:
    """E-AURC: AURC minus that of the same errors perfectly ordered (every right sample first); 0 is perfect."""
    area, least = aurc(wrong, confidence), aurc(wrong, -wrong)
    return None if area is None or least is None else area - least


def error_at_coverage(wrong: Floats, confidence: Floats, coverage: float) -> float | None:
    """Error rate of the ceil(coverage N) most confident samples.

    Raises:
        InputRejected: ``COVERAGE_INVALID`` outside (0, 1].
        AppError: as :func:`risk_coverage`.
    """
    _refuse_share(coverage)
    if not wrong.size:
        return None
    kept = int(np.ceil(coverage * wrong.size - 1e-9))  # 0.07 * 100 is above 7 in floating point
    return float(risk_coverage(wrong, confidence).risk[kept - 1])


def confidence_for_coverage(confidence: Floats, coverage: float) -> float | None:
    """The highest confidence at or above which at least this share of samples is kept; None without samples.

    It lies half-way to the next lower confidence, so that rounding cannot flip who is kept; zero keeps everybody.

    Raises:
        InputRejected: ``COVERAGE_INVALID`` outside (0, 1].
    """
    _refuse_share(coverage)
    if not confidence.size:
        return None
    levels, count = np.unique(-confidence, return_counts=True)
    return _cut(-levels, int(np.argmax(np.cumsum(count) >= coverage * confidence.size - 1e-9)))


def confidence_for_precision(wrong: Floats, confidence: Floats, precision: float) -> float | None:
    """The lowest confidence at or above which at least this share of the kept decisions is right; None if none is.

    Raises:
        InputRejected: ``COVERAGE_INVALID`` for a share outside (0, 1].
    """
    _refuse_share(precision)
    if not confidence.size:
        return None
    levels, tie, count = np.unique(-confidence, return_inverse=True, return_counts=True)
    right = np.cumsum(np.bincount(tie, 1 - wrong, minlength=count.size)) / np.cumsum(count)
    enough = np.flatnonzero(right >= precision - 1e-12)
    return _cut(-levels, int(enough[-1])) if enough.size else None


def _cut(levels: Floats, last: int) -> float:
    """Between the last level that is kept, of those in descending order, and the next."""
    return float((levels[last] + levels[last + 1]) / 2) if last + 1 < levels.size else 0.0


def _refuse_share(share: float) -> None:
    if not 0 < share <= 1:
        raise InputRejected("COVERAGE_INVALID", "a wanted share cannot be kept", got=share, expected="in (0, 1]")
