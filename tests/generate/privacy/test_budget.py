from __future__ import annotations

import math

import pytest

from monai_app.core.errors import InputRejected
from monai_app.generate.privacy.budget import Accountant, Budget, Ledger, Mechanism, calibrated_noise, epsilon_spent

RDP = Accountant.RDP
BUDGET = Budget(3.0, 1e-4)


def ledger(noise: float = 1.0, epsilon: float = 3.0) -> Ledger:
    return Ledger(Budget(epsilon, 1e-4), Mechanism(noise, 0.05), RDP)


def test_one_gaussian_step_of_everybody_costs_what_the_analytic_bound_says() -> None:
    # Balle and Wang 2018, theorem 8: delta(eps) of the Gaussian mechanism with sensitivity 1
    sigma, delta = 2.0, 1e-3
    spent = epsilon_spent([(Mechanism(sigma, 1.0), 1)], delta, Accountant.PRV)

    def phi(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2))

    exact = phi(1 / (2 * sigma) - spent * sigma) - math.exp(spent) * phi(-1 / (2 * sigma) - spent * sigma)
    assert exact <= delta and exact > 0.9 * delta


def test_prv_is_tighter_than_rdp_and_more_steps_or_less_noise_cost_more() -> None:
    history = [(Mechanism(1.0, 0.05), 50)]
    assert epsilon_spent(history, 1e-4, Accountant.PRV) < epsilon_spent(history, 1e-4, RDP)
    assert epsilon_spent([(Mechanism(1.0, 0.05), 100)], 1e-4, RDP) > epsilon_spent(history, 1e-4, RDP)
    assert epsilon_spent([(Mechanism(0.8, 0.05), 50)], 1e-4, RDP) > epsilon_spent(history, 1e-4, RDP)


def test_no_steps_cost_nothing_and_no_noise_costs_everything() -> None:
    assert epsilon_spent([], 1e-4, RDP) == 0
    assert epsilon_spent([(Mechanism(1.0, 0.1), 5), (Mechanism(0.0, 0.1), 1)], 1e-4, RDP) == math.inf


@pytest.mark.parametrize("epsilon", [0.5, 8.0])
def test_calibrated_noise_spends_the_budget_and_no_more(epsilon: float) -> None:
    noise = calibrated_noise(Budget(epsilon, 1e-4), 0.05, 100, RDP)
    spent = epsilon_spent([(Mechanism(noise, 0.05), 100)], 1e-4, RDP)
    assert 0.98 * epsilon < spent <= epsilon


def test_no_budget_needs_no_noise() -> None:
    assert calibrated_noise(Budget(math.inf, 1e-4), 0.05, 100, RDP) == 0


def test_a_ledger_affords_just_so_many_steps() -> None:
    account = ledger()
    steps = account.affordable(10_000)
    assert account.epsilon(steps) <= 3.0 < account.epsilon(steps + 1)
    account.spend(steps)
    with pytest.raises(InputRejected, match="BUDGET_SPENT"):
        account.refuse_if_spent()


def test_a_budget_that_pays_for_nothing_is_refused() -> None:
    with pytest.raises(InputRejected, match="BUDGET_TOO_SMALL"):
        ledger(noise=0.3, epsilon=0.5).refuse_if_spent()


def test_a_ledger_survives_a_checkpoint_and_remembers_other_mechanisms() -> None:
    account = ledger()
    account.spend(7)
    other = ledger(noise=2.0)
    other.load_state_dict(account.state_dict())
    other.spend(3)
    assert other.steps == 10 and len(other.history) == 2
    assert other.epsilon() > account.epsilon() and other.state_dict()["epsilon"] == other.epsilon()


@pytest.mark.parametrize("budget", [Budget(0.0, 1e-5), Budget(1.0, 0.0), Budget(float("nan"), 1e-5)])
def test_an_impossible_budget_is_refused(budget: Budget) -> None:
    with pytest.raises(InputRejected, match="BUDGET_INVALID"):
        budget.checked(100)


def test_a_delta_that_publishes_a_patient_is_refused() -> None:
    assert BUDGET.checked(100) is BUDGET
    with pytest.raises(InputRejected, match="DELTA_TOO_LARGE"):
        Budget(1.0, 0.01).checked(100)
