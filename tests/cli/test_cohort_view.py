"""What a build and a check show on a terminal: counts, findings with their remedy, text never as markup."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.cli.cohort_view import show_build, show_check
from monai_app.cohort.check.run import check_cohort
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import write_cohort
from tests.faults.cohorts import small_content

COUNTS = {
    "cohort": "small",
    "patients": 1234,
    "events": 50_000,
    "images": 3,
    "samples": {"train": 1000, "tuning": 234},
    "tasks": {"death": {"labelled": 1234, "positive": 99}, "stay": {"labelled": 7}},
}


def test_build_shows_counts_tasks_and_changes(capsys: pytest.CaptureFixture[str]) -> None:
    show_build(COUNTS, ["[bold]units[/bold] converted"])
    text = capsys.readouterr().out
    assert "1,234 patients" in text and "99 positive" in text and "stay: 7 labelled samples" in text
    assert "[bold]units[/bold] converted" in text


def test_check_shows_labels_overlap_and_findings_with_their_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cohort(tmp_path / "c", small_content())
    (tmp_path / "c" / "images" / "2.png").unlink()
    show_check(check_cohort(Cohort(tmp_path / "c")))
    text = capsys.readouterr().out
    assert "Labels" in text and "Overlap of modalities" in text
    assert "IMAGE_MISSING" in text and "rows 1 of images.parquet" in text and "Restore them" in text
    assert "2.png" not in text
