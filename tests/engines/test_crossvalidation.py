"""Arms are read from the command line as documented."""

from __future__ import annotations

import pytest

from monai_app.core.errors import InputRejected
from monai_app.engines.crossvalidation import Arm, comparison_page


@pytest.mark.parametrize(
    ("text", "arm"),
    [
        ("film=attention:film", Arm("film", "attention", ("film",))),
        ("both=haim:film,table", Arm("both", "haim", ("film", "table"))),
        ("all=late", Arm("all", "late")),
        ("control=haim@configs/x.yaml", Arm("control", "haim", None, "configs/x.yaml")),
    ],
)
def test_an_arm_is_read(text: str, arm: Arm) -> None:
    assert Arm.parse(text) == arm


@pytest.mark.parametrize("text", ["film", "=early", "a b=early", "a=early:"])
def test_an_unreadable_arm_is_refused(text: str) -> None:
    with pytest.raises(InputRejected, match="ARM_INVALID"):
        Arm.parse(text)


def test_an_undefined_fold_is_a_dash_and_never_a_number() -> None:
    pooled = {"value": None, "low": None, "high": None}
    row = {"arm": "film", "fusion": "early", "samples": 3, "patients": 2, "pooled_auroc": pooled}
    page = comparison_page([{**row, "fold_mean_auroc": None, "fold_std_auroc": None}], task="icu", folds=3).render()
    assert "nan" not in page.lower()
    assert "–" in page
