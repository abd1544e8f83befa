"""A claim holds, fails, or cannot be judged, each as its numbers say."""

from __future__ import annotations

import polars as pl
import pytest

from monai_app.benchmark.claims import Claim, judged_claims
from tests.benchmark.frames import clean_row, fault_row, results_of, weights_of

GOOD: dict[str, tuple[float | None, float | None]] = {
    "auroc": (0.8, 0.8),
    "spoiled": (0.78, 0.6),
    "ece": (0.05, 0.1),
    "error": (0.3, 0.3),
    "error_kept": (0.2, 0.3),
    "confidence": (0.8, 0.8),
    "spoiled_error": (0.5, 0.5),
    "spoiled_confidence": (0.6, 0.6),
}
"""Of DRAF and of early fusion."""
FOLLOWING = [("draf", "film", "", 0, 0.6), ("draf", "film", "noise", 3, 0.3), ("draf", "film", "noise", 5, 0.1)]
CONSTANT = [(*row[:4], 0.5) for row in FOLLOWING]


def claims(weights: list[tuple[str, str, str, int, float]] = FOLLOWING, **changed: tuple) -> list[Claim]:
    rows = []
    for metric, values in (GOOD | changed).items():
        for system, value in zip(("draf", "early"), values, strict=True):
            if metric.startswith("spoiled"):
                name = metric.removeprefix("spoiled").removeprefix("_") or "auroc"
                rows.append(fault_row(system, "film", 5, value, metric=name))
            else:
                rows.append(clean_row(system, metric, value))
    return judged_claims(results_of(rows), weights_of(weights))


def verdicts(found: list[Claim]) -> list[bool | None]:
    return [claim.met for claim in found]


DROP, CALIBRATION, REJECTION, RELIABILITY, CLEAN, CONFIDENCE = range(6)


def test_all_hold_where_all_numbers_are_good() -> None:
    assert verdicts(claims()) == [True] * 6


@pytest.mark.parametrize(
    ("which", "changed"),
    [
        (DROP, {"spoiled": (0.75, 0.6)}),
        (CALIBRATION, {"ece": (0.08, 0.1)}),
        (REJECTION, {"error_kept": (0.3, 0.2)}),
        (RELIABILITY, {"weights": CONSTANT}),
        (CLEAN, {"auroc": (0.79 - 1e-9, 0.8)}),
        (CONFIDENCE, {"spoiled_confidence": (0.9, 0.6)}),
    ],
)
def test_one_fails_and_the_others_stay(which: int, changed: dict) -> None:
    assert verdicts(claims(**changed)) == [place != which for place in range(6)]


def test_a_fault_that_hardly_hurts_the_baseline_proves_nothing() -> None:
    assert claims(spoiled=(0.78, 0.75))[DROP].met is None


def test_what_is_undefined_is_not_judged() -> None:
    nothing = (None, None)
    found = claims(
        auroc=nothing, spoiled=nothing, ece=nothing, error_kept=nothing, confidence=nothing, spoiled_error=nothing
    )
    assert verdicts(found) == [None, None, None, True, None, None]
    assert ["undefined" in claim.measured for claim in found] == [True, True, True, False, True, True]


def test_a_baseline_without_calibration_error_cannot_be_beaten() -> None:
    assert claims(ece=(0.1, 0.0))[CALIBRATION].met is False


def test_a_variant_of_the_system_is_no_rival() -> None:
    rows = [clean_row(name, "auroc", value) for name, value in (("draf", 0.8), ("early", 0.7), ("draf_clean", 0.9))]
    *_, found, _ = judged_claims(results_of(rows), weights_of([]))
    assert found.met and "early" in found.measured


def test_without_the_baseline_there_is_no_claim() -> None:
    only = results_of([clean_row("draf", "auroc", 0.9)])
    assert judged_claims(only, pl.DataFrame(weights_of(FOLLOWING))) == []
