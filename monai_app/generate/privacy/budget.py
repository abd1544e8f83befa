"""The privacy budget of a training and the account of what its steps have spent of it.

Neighbouring data sets differ by one patient more or less; each step takes every patient with the same probability
(Poisson sampling) and adds Gaussian noise (Abadi et al., CCS 2016). Accountants are Opacus's: ``prv`` (Gopi et al.,
NeurIPS 2021, the upper bound of epsilon) or ``rdp`` (Mironov 2017), looser.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from opacus.accountants import create_accountant

from monai_app.core.errors import InputRejected

_LARGEST_NOISE, _NOISE_PRECISION = 1e4, 1e-3
"""Of the search for a noise multiplier: where it gives up, and how far apart its last two guesses are, relatively."""


class Accountant(StrEnum):
    """How epsilon is computed from noise, sampling rate and steps."""

    PRV = "prv"
    RDP = "rdp"


@dataclass(frozen=True)
class Budget:
    """What may be spent.

    Attributes:
        epsilon: bound of the log ratio of probabilities; infinite for none.
        delta: probability that the bound fails.
    """

    epsilon: float
    delta: float

    def checked(self, patients: int) -> Budget:
        """Itself.

        Raises:
            InputRejected: ``BUDGET_INVALID``; ``DELTA_TOO_LARGE`` where publishing one patient whole would pass.
        """
        if not self.epsilon > 0 or not 0 < self.delta < 1:
            raise InputRejected(
                "BUDGET_INVALID",
                "a privacy budget cannot be",
                got=f"epsilon {self.epsilon}, delta {self.delta}",
                expected="epsilon > 0 and 0 < delta < 1",
            )
        if self.delta * patients >= 1:
            raise InputRejected(
                "DELTA_TOO_LARGE",
                "delta allows a whole patient to be published",
                got=f"delta {self.delta} for {patients} patients",
                expected=f"below {1 / patients:.1e}, better a tenth of it",
                remedy="Lower delta.",
            )
        return self


@dataclass(frozen=True)
class Mechanism:
    """One step of private training.

    Attributes:
        noise_multiplier: standard deviation of the noise in clipping norms; 0 is none.
        sampling_rate: probability that a patient is in a step, in (0, 1].
    """

    noise_multiplier: float
    sampling_rate: float


def epsilon_spent(history: list[tuple[Mechanism, int]], delta: float, accountant: Accountant) -> float:
    """Epsilon after the given numbers of steps; infinite where a step had no noise."""
    steps = tuple((used.noise_multiplier, used.sampling_rate, count) for used, count in history if count)
    if not steps:
        return 0.0
    return math.inf if min(noise for noise, _, _ in steps) <= 0 else _accounted(steps, delta, accountant)


@functools.lru_cache(maxsize=64)
def _accounted(steps: tuple[tuple[float, float, int], ...], delta: float, accountant: Accountant) -> float:
    """Epsilon by Opacus; a checkpoint, a statement and a header ask for the same one."""
    account = create_accountant(mechanism=accountant.value)
    account.history = list(steps)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Optimal order is the .* alpha")  # it only sets the grid of prv
        warnings.filterwarnings("ignore", message="divide by zero")  # log(1 - q) of q = 1
        return float(account.get_epsilon(delta=delta))


def calibrated_noise(budget: Budget, sampling_rate: float, steps: int, accountant: Accountant) -> float:
    """The least noise multiplier with which ``steps`` steps keep the budget (to 0.1 %, above); 0 for no budget.

    Raises:
        InputRejected: ``BUDGET_TOO_SMALL``.
    """
    if math.isinf(budget.epsilon):
        return 0.0

    def kept(noise: float) -> bool:
        return epsilon_spent([(Mechanism(noise, sampling_rate), steps)], budget.delta, accountant) <= budget.epsilon

    high = 1.0
    while not kept(high):
        high *= 2
        if high > _LARGEST_NOISE:
            raise _too_small(budget)
    low = high / 2
    while low > 0.05 and kept(low):
        low, high = low / 2, low
    while high - low > _NOISE_PRECISION * high:
        middle = (low + high) / 2
        low, high = (low, middle) if kept(middle) else (middle, high)
    return high


@dataclass
class Ledger:
    """What has been spent, step by step; a part of every checkpoint.

    Attributes:
        budget: what may be spent.
        mechanism: of the steps to come.
        accountant: how it is computed.
        history: mechanisms and their numbers of steps so far.
    """

    budget: Budget
    mechanism: Mechanism
    accountant: Accountant = Accountant.PRV
    history: list[tuple[Mechanism, int]] = field(default_factory=list)

    @property
    def steps(self) -> int:
        """Steps so far."""
        return sum(count for _, count in self.history)

    def spend(self, steps: int = 1) -> None:
        """Count steps of the present mechanism."""
        if self.history and self.history[-1][0] == self.mechanism:
            self.history[-1] = (self.mechanism, self.history[-1][1] + steps)
        else:
            self.history.append((self.mechanism, steps))

    def epsilon(self, further: int = 0) -> float:
        """Spent so far, with ``further`` steps of the present mechanism."""
        return epsilon_spent([*self.history, (self.mechanism, further)], self.budget.delta, self.accountant)

    def affordable(self, planned: int) -> int:
        """How many of the ``planned`` further steps the budget pays for."""
        return _largest(planned, lambda steps: self.epsilon(steps) <= self.budget.epsilon)

    def refuse_if_spent(self) -> None:
        """Go on only where a further step can be paid for.

        Raises:
            InputRejected: ``BUDGET_TOO_SMALL`` before the first step, ``BUDGET_SPENT`` after.
        """
        if self.affordable(1):
            return
        if not self.steps:
            raise _too_small(self.budget)
        raise InputRejected(
            "BUDGET_SPENT",
            "the privacy budget of this training is spent",
            got=f"epsilon {self.epsilon():.3f} after {self.steps} steps, at delta {self.budget.delta}",
            expected=f"below epsilon {self.budget.epsilon}, with room for a step",
            remedy="Keep the model as it is. Every further step on these patients needs a larger budget.",
        )

    def state_dict(self) -> dict[str, Any]:
        """The account as plain containers, with what it amounts to."""
        rows = [[used.noise_multiplier, used.sampling_rate, count] for used, count in self.history]
        return {"history": rows, "epsilon": self.epsilon(), "delta": self.budget.delta}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take an account back; budget and mechanism to come stay as configured."""
        self.history = [(Mechanism(noise, rate), int(count)) for noise, rate, count in state["history"]]


def _largest(most: int, kept: Callable[[int], bool]) -> int:
    """The largest number up to ``most`` for which a monotone condition holds; 0 where none."""
    if kept(most):
        return most
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if kept(middle) else (low, middle)
    return low


def _too_small(budget: Budget) -> InputRejected:
    return InputRejected(
        "BUDGET_TOO_SMALL",
        "the privacy budget does not pay for a single step",
        got=f"epsilon {budget.epsilon}, delta {budget.delta}",
        expected="a larger budget, or more noise",
        remedy="Raise epsilon or noise_multiplier, or train on more patients.",
    )
