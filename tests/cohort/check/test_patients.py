"""Patients: one split each, and nothing after death but results that were filed late."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.cohort.check.findings import Severity
from monai_app.cohort.check.patients import LATE_RESULT_HOURS, check_death, check_splits
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import write_cohort
from tests.faults.cohorts import event, small_content, usual_rows

DEATH_HOUR = 10


def with_event_after_death(folder: Path, hours_later: float) -> dict[str, Severity]:
    rows = [*usual_rows(), event(1, DEATH_HOUR, "MEDS_DEATH"), event(1, DEATH_HOUR + hours_later, "HR", 70)]
    write_cohort(folder, small_content(rows=rows))
    return {finding.code: finding.severity for finding in check_death(Cohort(folder))}


@pytest.mark.parametrize(
    ("hours_later", "expected"),
    [
        (0, {}),
        (LATE_RESULT_HOURS, {"EVENTS_FILED_AFTER_DEATH": Severity.WARNING}),
        (LATE_RESULT_HOURS + 0.1, {"EVENTS_AFTER_DEATH": Severity.ERROR}),
    ],
)
def test_a_day_decides_between_late_filing_and_mixed_patients(
    tmp_path: Path, hours_later: float, expected: dict[str, Severity]
) -> None:
    assert with_event_after_death(tmp_path / "c", hours_later) == expected


def test_survivors_have_no_findings(cohort: Cohort) -> None:
    assert not list(check_death(cohort)) and not list(check_splits(cohort))
