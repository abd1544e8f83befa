"""Inspection: every fault that can be seen is listed, and nothing that names a patient is printed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from monai_app.dicom.discover import discover
from monai_app.dicom.inspection import Inspection, SeriesReport, inspect
from monai_app.dicom.objects import Kind
from tests.faults.films import write_film
from tests.faults.folders import write_slice, write_slices


def inspected(folder: Path) -> Inspection:
    return inspect(discover(folder))


def only(folder: Path) -> SeriesReport:
    (report,) = inspected(folder).series
    return report


def test_a_sound_series_has_its_geometry_and_no_fault(tmp_path: Path) -> None:
    report = only(write_slices(tmp_path, 5))
    assert not report.faults and report.files == 5 and report.size == (8, 8, 5)
    assert report.spacing_mm == pytest.approx((0.1, 0.2, 2.0)) and report.coverage_mm == pytest.approx(10.0)
    assert [thumbnail.title for thumbnail in report.thumbnails] == ["axial", "coronal", "sagittal"]


def test_faults_of_files_and_of_the_series_are_all_listed(tmp_path: Path) -> None:
    for index in range(6):
        write_slice(tmp_path / str(index), index=index, ImagePositionPatient=[0.0, 0.5 * index, 2.0 * index])
    write_slice(tmp_path / "x", index=7, RescaleSlope=None, RescaleIntercept=None)
    faults = only(tmp_path).faults
    assert [fault.code for fault in faults] == ["NO_RESCALE", "GANTRY_TILT"]
    assert [fault.files for fault in faults] == [1, 6]
    assert [fault.repair for fault in faults] == [False, True]


def test_behind_a_tilt_uneven_gaps_are_seen_too(tmp_path: Path) -> None:
    for index, along in enumerate([0.0, 2.0, 4.0, 6.6, 9.2, 11.8]):
        write_slice(tmp_path / str(index), index=index, ImagePositionPatient=[0.0, 0.5 * along, along])
    report = only(tmp_path)
    assert [fault.code for fault in report.faults] == ["GANTRY_TILT", "UNEVEN_SPACING"]
    assert any("TILT_SHEARED" in note for note in report.notes) and report.thumbnails


def test_films_are_judged_one_by_one(tmp_path: Path) -> None:
    uids = {"StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.3"}
    write_film(tmp_path / "a", **uids)
    write_film(tmp_path / "b", np.full((40, 32), 7, np.uint16), SOPInstanceUID="1.2.3.4", **uids)
    report = only(tmp_path)
    assert report.kind is Kind.FILM and [fault.code for fault in report.faults] == ["NO_CONTENT"]
    assert report.faults[0].files == 1 and len(report.thumbnails) == 1
    assert report.size == (32, 40) and report.spacing_mm == pytest.approx((0.1, 0.2))


def test_refused_files_are_counted_by_code(tmp_path: Path) -> None:
    write_slices(tmp_path, 2)
    for name in ("a.txt", "b.txt"):
        (tmp_path / name).write_text("x" * 200)
    assert [(fault.code, fault.files) for fault in inspected(tmp_path).refused] == [("NOT_DICOM", 2)]


def test_nothing_private_is_printed(tmp_path: Path) -> None:
    write_slices(tmp_path / "Smith", 2, SeriesDescription="Smith", ProtocolName="Smith", BodyPartExamined="SMITH")
    found = inspected(tmp_path)
    printed = json.dumps(found.as_dict()) + repr(found)
    assert "smith" not in printed.casefold() and found.series[0].description == "Smith"
    uid = discover(tmp_path).series[0].instances[0].series
    assert uid not in printed
