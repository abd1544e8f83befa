"""The report is one file that shows every part and names nobody."""

from __future__ import annotations

from pathlib import Path

from monai_app.cohort.check.report import write_report
from monai_app.cohort.check.run import CheckResult, check_cohort
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import write_cohort
from tests.faults.cohorts import event, small_content, usual_rows


def test_the_report_shows_every_part(cohort: Cohort, tmp_path: Path) -> None:
    write_report(check_cohort(cohort), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    for part in ("Findings", "Tasks", "Modalities at the prediction time", "Series", "Table", "Origin and terms"):
        assert f"<h2>{part}</h2>" in page or f">{part}</h2>" in page, part
    assert page.count("<svg") == 7
    assert "http" not in page.replace("http://www.w3.org", "").replace("https://matplotlib.org", "").replace(
        "http://purl.org", ""
    ).replace("http://creativecommons.org", "")


def test_equal_cohorts_give_equal_reports(cohort: Cohort, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_report(check_cohort(cohort), tmp_path / f"{name}.html")
    assert (tmp_path / "one.html").read_bytes() == (tmp_path / "two.html").read_bytes()


def test_a_broken_cohort_still_gets_its_report(cohort: Cohort, tmp_path: Path) -> None:
    (cohort.path / "labels" / "death" / "value.parquet").unlink()
    result = check_cohort(cohort)
    write_report(result, tmp_path / "report.html")
    assert result.failed and "FILE_MISSING" in (tmp_path / "report.html").read_text()


def test_findings_are_escaped_and_free_of_ids(tmp_path: Path) -> None:
    content = small_content(rows=[*usual_rows(), event(1, 5, "MEDS_DEATH"), event(1, 40, "HR", 70)])
    content.record = content.record.model_copy(update={"name": "<script>"})
    write_cohort(tmp_path / "c", content)
    write_report(check_cohort(Cohort(tmp_path / "c")), tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text()
    assert "<script>" not in page and str(tmp_path) not in page


def test_a_result_without_counts_is_still_a_report(cohort: Cohort, tmp_path: Path) -> None:
    write_report(CheckResult(cohort.record), tmp_path / "report.html")
    assert (tmp_path / "report.html").stat().st_size > 1000
