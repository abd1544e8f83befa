"""The code table says each unit once."""

from __future__ import annotations

from monai_app.cohort.codes import code_table
from tests.faults.cohorts import MODALITIES


def rows(**extra: tuple[str, str | None]) -> dict[str, tuple[str, str | None]]:
    return {code: (what, unit) for code, what, unit in code_table(MODALITIES, extra=extra).iter_rows()}


def test_every_code_of_the_spec_has_its_unit() -> None:
    table = rows()
    assert table["HR"] == ("heart rate", "/min") and table["AGE"] == ("age", "a")
    assert table["GENDER"] == ("sex", None) and table["NOTE//radiology"] == ("radiology", None)


def test_codes_of_the_source_are_added_and_win() -> None:
    table = rows(HR=("pulse", "/min"), MEDS_DEATH=("death", None))
    assert table["HR"] == ("pulse", "/min") and table["MEDS_DEATH"] == ("death", None)
