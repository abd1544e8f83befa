from __future__ import annotations

import pytest

from monai_app.core.errors import InputRejected
from monai_app.generate.privacy.budget import Budget
from monai_app.generate.privacy.statement import PrivacyStatement
from monai_app.generate.synthetic.gate import Detail, refuse_uncovered


def statement(epsilon: float, noise_seed: str = "secret") -> PrivacyStatement:
    return PrivacyStatement.parse(
        {"epsilon": epsilon, "delta": 1e-6, "budget_epsilon": 8, "accountant": "prv", "noise_multiplier": 1.0,
         "clip_norm": 1.0, "sampling_rate": 0.1, "steps": 10, "patients": 100, "noise_seed": noise_seed}
    )  # fmt: skip


BUDGET = Budget(4.0, 1e-5)


def test_without_a_budget_everything_may_be_written() -> None:
    refuse_uncovered(None, Detail.FITTED, [None, None])


def test_fitted_records_are_refused_under_any_budget() -> None:
    with pytest.raises(InputRejected, match="DP_UNNOISED"):
        refuse_uncovered(Budget(1e6, 1e-5), Detail.FITTED)


def test_stated_records_spend_nothing() -> None:
    refuse_uncovered(BUDGET, Detail.STATED)


@pytest.mark.parametrize("second", [None, statement(1.0, "given")])
def test_every_network_must_be_private(second: PrivacyStatement | None) -> None:
    with pytest.raises(InputRejected, match="DP_UNCOVERED"):
        refuse_uncovered(BUDGET, Detail.STATED, [statement(1.0), second])


def test_what_networks_have_spent_adds_up() -> None:
    refuse_uncovered(BUDGET, Detail.STATED, [statement(2.0), statement(2.0)])
    with pytest.raises(InputRejected, match="BUDGET_EXCEEDED"):
        refuse_uncovered(BUDGET, Detail.STATED, [statement(2.5), statement(2.0)])


def test_what_stands_beside_private_weights_without_noise_is_refused() -> None:
    with pytest.raises(InputRejected, match="DP_UNNOISED.*ranges"):
        refuse_uncovered(BUDGET, Detail.STATED, [statement(1.0)], ["ranges of values"])
    refuse_uncovered(None, Detail.STATED, [statement(1.0)], ["ranges of values"])
