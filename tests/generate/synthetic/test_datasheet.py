from __future__ import annotations

from typing import Any

import pytest

from monai_app.generate.synthetic.datasheet import NOTICE, as_markdown, datasheet, guarantee


def sheet(**changes: Any) -> dict[str, Any]:
    told: dict[str, Any] = {
        "source": "hospital", "detail": "fitted", "records": 7, "seed": 3, "prevalence": {"pneumonia": 0.3},
        "subgroup": {"sex=F": 0.5}, "reached": {"pneumonia": 0.31, "sex=F": 0.5}, "note_terms": ["cough"],
        "image_model": {"model": "diffusion"}, "privacy": guarantee(None, "fitted"), "terms": "CC-BY",
    }  # fmt: skip
    return datasheet(**(told | changes))


def test_the_page_holds_what_the_record_holds() -> None:
    page = as_markdown(sheet())
    for told in (NOTICE, "hospital", "CC-BY", "seed 3", "| pneumonia | 0.3 | 0.3100 |", "cough", "model diffusion"):
        assert told in page
    assert all(f"- {what}" in page for what in (*sheet()["preserved"], *sheet()["not_preserved"]))


def test_stated_records_claim_to_preserve_nothing_else() -> None:
    assert sheet(detail="stated")["not_preserved"] == ["everything else"]


@pytest.mark.parametrize("detail", ["fitted", "stated"])
def test_without_a_budget_nothing_is_guaranteed(detail: str) -> None:
    assert guarantee(None, detail)["differential_privacy"] is False


def test_a_budget_is_told() -> None:
    told = guarantee((2.0, 1e-6), "stated")
    assert told["differential_privacy"] is True and (told["epsilon"], told["delta"]) == (2.0, 1e-6)
