"""A lower bound of epsilon from one training: many canaries, each included with probability 1/2, and guesses of which.

Steinke, Nasr and Jagielski, Privacy Auditing with One (1) Training Run, NeurIPS 2023 (theorem 5.2, appendix D): under
(epsilon, delta)-DP the number of right guesses among r is dominated by Binomial(r, e^eps / (1 + e^eps)), but for delta.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

GUESSED_SHARES = (0.1, 0.2, 0.5, 1.0)
"""Shares of the canaries that are guessed about, half as in and half as out; fixed before any result is seen, and the
confidence is shared among them (Bonferroni)."""


def audit_p_value(canaries: int, guesses: int, right: int, epsilon: float, delta: float) -> float:
    """The largest probability of so many right guesses under (epsilon, delta)-DP.

    Args:
        canaries: m, each included with probability 1/2.
        guesses: r, abstentions left out.
        right: v of them.
    """
    accuracy = float(np.exp(-np.logaddexp(0.0, -epsilon)))
    tail = float(binom.sf(right - 1, guesses, accuracy))
    below = np.cumsum(binom.pmf(np.arange(right - 1, -1, -1), guesses, accuracy))  # P[v > Binomial >= v - i]
    worst = float((below / np.arange(1, right + 1)).max()) if right else 0.0
    return min(1.0, tail + 2 * canaries * delta * worst)


def epsilon_lower_bound(canaries: int, guesses: int, right: int, delta: float, confidence: float = 0.95) -> float:
    """The largest epsilon that so many right guesses refute at this confidence; 0 where none.

    Raises:
        ValueError: more right guesses than guesses, or than canaries.
    """
    if not 0 <= right <= guesses <= canaries:
        msg = f"Need right <= guesses <= canaries, got {right}, {guesses}, {canaries}"
        raise ValueError(msg)
    level, low, high = 1 - confidence, 0.0, 1.0
    if audit_p_value(canaries, guesses, right, 0.0, delta) >= level:
        return 0.0
    while audit_p_value(canaries, guesses, right, high, delta) < level:
        low, high = high, 2 * high
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if audit_p_value(canaries, guesses, right, middle, delta) < level else (low, middle)
    return low


@dataclass(frozen=True)
class Audit:
    """What an audit found.

    Attributes:
        canaries: m.
        included: of them, in the training.
        guesses: r of the choice that gave the bound.
        right: right ones among these.
        epsilon_lower: at ``confidence``, over all choices of r.
        delta: of the claim.
        confidence: of the bound.
    """

    canaries: int
    included: int
    guesses: int
    right: int
    epsilon_lower: float
    delta: float
    confidence: float


def audit(score: Floats, included: Mask, delta: float, confidence: float = 0.95) -> Audit:
    """Guess the canaries with the highest scores in and those with the lowest out, and bound epsilon.

    Args:
        score: (m,), higher for canaries that look trained on.
        included: (m,), the truth.
        delta: of the claim.
        confidence: of the bound, over all choices of how many to guess.
    """
    order = np.argsort(score, kind="stable")
    each = 1 - (1 - confidence) / len(GUESSED_SHARES)
    best: tuple[float, int, int] | None = None
    for share in GUESSED_SHARES:
        half = max(1, int(share * len(score) / 2))
        right = int(included[order[-half:]].sum() + (~included[order[:half]]).sum())
        bound = epsilon_lower_bound(len(score), 2 * half, right, delta, each)
        if best is None or bound > best[0]:
            best = (bound, 2 * half, right)
    assert best is not None
    return Audit(len(score), int(included.sum()), best[1], best[2], best[0], delta, confidence)
