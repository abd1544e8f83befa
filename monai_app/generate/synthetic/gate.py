"""What a privacy budget lets a synthetic cohort tell; anything that it does not cover is refused."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from monai_app.core.errors import InputRejected
from monai_app.generate.privacy.budget import Budget
from monai_app.generate.privacy.statement import PrivacyStatement


class Detail(StrEnum):
    """How much of the source stands in the records.

    ``FITTED``: a copula fitted on the train patients, without noise. ``STATED``: nothing but what the command states
    and the cohort's own description names (fields, categories, tasks).
    """

    FITTED = "fitted"
    STATED = "stated"


def refuse_uncovered(
    budget: Budget | None,
    detail: Detail,
    statements: Sequence[PrivacyStatement | None] = (),
    unnoised: Sequence[str] = (),
) -> None:
    """Refuse what the budget does not cover; without a budget everything may be written, and nothing is guaranteed.

    Args:
        statements: of every network that images are drawn with, None for one that was not trained privately; what they
            have spent is added up (basic composition).
        unnoised: what else the image model tells of its train patients, such as the ranges of their values.

    Raises:
        InputRejected: ``DP_UNNOISED`` for fitted records and whatever else no noise covers; ``DP_UNCOVERED`` for an
            image model without a statement or with a repeatable noise; ``BUDGET_EXCEEDED`` where it has spent more than
            the budget.
    """
    if budget is None:
        return
    if detail is Detail.FITTED:
        raise InputRejected(
            "DP_UNNOISED",
            "the records' model would be fitted on the train patients without noise",
            got="a privacy budget and fitted records",
            expected="records that depend on no patient",
            remedy="Use --detail stated with --prevalence and --subgroup, or set no budget.",
        )
    private = [statement for statement in statements if statement is not None and statement.noise_seed == "secret"]
    if len(private) < len(statements):
        raise InputRejected(
            "DP_UNCOVERED",
            "the image model guarantees nothing",
            got="a network without a privacy statement, or with noise that can be repeated",
            expected="networks trained with differential privacy and secret noise",
            remedy="Train it privately, or draw no films (--no-films).",
        )
    if unnoised:
        raise InputRejected(
            "DP_UNNOISED",
            "the image model tells of its train patients what no noise covers",
            got=", ".join(unnoised),
            expected="an image model of a private training",
            remedy="Train it with the overlay dp, or draw no films (--no-films).",
        )
    epsilon, delta = (sum(getattr(statement, name) for statement in private) for name in ("epsilon", "delta"))
    if epsilon > budget.epsilon or delta > budget.delta:
        raise InputRejected(
            "BUDGET_EXCEEDED",
            "the image model has spent more than the budget",
            got=f"epsilon {epsilon:g}, delta {delta:g}",
            expected=f"at most epsilon {budget.epsilon:g}, delta {budget.delta:g}",
        )
