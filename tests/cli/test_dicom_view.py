"""What inspect prints: a verdict for each series, each fault below, refused files by code."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.cli.dicom_view import show_inspection, show_selection
from monai_app.dicom.discover import discover
from monai_app.dicom.inspection import inspect
from monai_app.dicom.selection import select
from monai_app.dicom.series_rules import SeriesRules
from tests.faults.folders import write_slice, write_slices


def test_verdicts_faults_and_choices_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_slices(tmp_path, 3)
    write_slice(tmp_path / "scout", series="2", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    (tmp_path / "notes.txt").write_text("x" * 200)
    found = discover(tmp_path)
    show_inspection(inspect(found))
    rules = SeriesRules.parse(
        {"description": "x", "roles": {"ct": {"where": {"field": "images", "at_least": 2}}}, "studies": "each"}
    )
    show_selection(select(found.studies, rules))
    shown = capsys.readouterr().out
    for expected in ("LOCALIZER", "NOT_DICOM x 1", "selected as ct", "images is 1, expected at least 2"):
        assert expected in shown
