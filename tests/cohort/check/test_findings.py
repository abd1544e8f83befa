"""A check that cannot read its part reports so, and the worst comes first."""

from __future__ import annotations

import polars as pl
import pytest

from monai_app.cohort.check.findings import Finding, Severity, guarded, ordered
from monai_app.core.errors import InputRejected


def test_findings_of_a_check_pass_through() -> None:
    finding = Finding("A", Severity.NOTE, "something", 3, rows=(1, 2))
    assert guarded(lambda: iter([finding])) == [finding]
    assert finding.as_dict()["rows"] == (1, 2)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputRejected("LABEL_OUTSIDE_SET", "a label", got="2 rows"), "LABEL_OUTSIDE_SET"),
        (pl.exceptions.ComputeError("CANARY"), "COHORT_INCOMPLETE"),
        (PermissionError("CANARY"), "COHORT_INCOMPLETE"),
    ],
)
def test_part_that_cannot_be_read_becomes_an_error_without_its_text(error: Exception, code: str) -> None:
    def check() -> list[Finding]:
        raise error

    (finding,) = guarded(check)
    assert (finding.code, finding.severity) == (code, Severity.ERROR) and "CANARY" not in finding.what


def test_fault_of_the_program_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        guarded(lambda: [1 // 0])  # type: ignore[list-item]


def test_worst_first_then_by_code() -> None:
    severities = [("C", Severity.NOTE), ("B", Severity.ERROR), ("D", Severity.WARNING), ("A", Severity.ERROR)]
    found = ordered(Finding(code, severity, "", 1) for code, severity in severities)
    assert [finding.code for finding in found] == ["A", "B", "D", "C"]
