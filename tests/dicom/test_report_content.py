"""What a report says must not contradict itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.report_content import Interval, ModalityShare, ReportContent, ReportedFinding, ReportedVolume

FINDING = ReportedFinding("a", True, 0.8, 0.5)


@pytest.mark.parametrize(
    "contradiction",
    [
        lambda: ReportedFinding("a", True, 1.1, 0.5),
        lambda: ReportedFinding("a", True, float("nan"), 0.5),
        lambda: ReportedFinding("a", False, 0.8, 0.5),
        lambda: ReportedFinding("a", True, 0.8, 0.5, Interval(0.85, 0.9, 0.9)),
        lambda: ReportedFinding("a", True, 0.8, 0.5, Interval(0.7, 0.9, 1.0)),
        lambda: ReportedVolume("a", -1.0),
        lambda: ReportedVolume("a", float("inf")),
        lambda: ReportedVolume("a", 1.0, Interval(2.0, 3.0, 0.9)),
        lambda: ModalityShare("a", True, 1.5),
        lambda: ModalityShare("a", True, 0.5, -0.1),
        lambda: ReportContent(findings=(FINDING, FINDING)),
    ],
)
def test_contradiction_is_refused(contradiction: Callable[[], object]) -> None:
    with pytest.raises(InputRejected, match="REPORT_INVALID"):
        contradiction()


def test_empty_report_is_refused() -> None:
    with pytest.raises(InputRejected, match="REPORT_EMPTY"):
        ReportContent(modalities=(ModalityShare("film", True, 1.0),))


def test_probability_at_the_threshold_is_present() -> None:
    assert ReportedFinding("a", True, 0.5, 0.5, Interval(0.5, 0.5, 0.9)).present
