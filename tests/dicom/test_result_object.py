"""Finished results: reproducible bytes and UIDs, the patient as DICOM needs and no further."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pydicom
import pytest

from monai_app.dicom.equipment import Algorithm
from monai_app.dicom.result_object import ResultContext
from monai_app.dicom.results import StudyResults, make_results
from monai_app.dicom.source_images import read_source_series
from tests.faults.series import each
from tests.faults.studies import (
    ALGORITHM,
    CANARY,
    NAME,
    context_of,
    ct_study,
    film_study,
    hospital_ct,
    written,
)

Study = tuple[StudyResults, ResultContext]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Study:
    return ct_study(tmp_path_factory.mktemp("study"))


def test_same_study_and_model_give_the_same_bytes(study: Study, tmp_path: Path) -> None:
    for known in (study, film_study(tmp_path)):
        assert [one.data for one in make_results(*known)] == [one.data for one in make_results(*known)]


def test_another_day_changes_dates_and_no_uid(study: Study) -> None:
    results, context = study
    today, later = (make_results(results, replace(context, created=datetime(year, 1, 2))) for year in (2026, 2027))
    for first, second in zip(today, later, strict=True):
        assert first.data != second.data
        assert first.data.replace(b"20260102", b"20270102") == second.data


@pytest.mark.parametrize(
    "algorithm",
    [
        Algorithm("ct_segmentation", "1.0", "b" * 64, ALGORITHM.parameters),
        Algorithm("ct_segmentation", "1.1", "a" * 64, ALGORITHM.parameters),
        Algorithm("ct_segmentation", "1.0", "a" * 64, (("overlap", "0.5"),)),
    ],
    ids=["weights", "version", "setting"],
)
def test_another_model_gives_other_uids(study: Study, algorithm: Algorithm) -> None:
    context = study[1]
    assert context.uid("x") != replace(context, algorithm=algorithm).uid("x")


def test_one_more_slice_gives_other_uids(tmp_path: Path) -> None:
    files = hospital_ct(tmp_path)
    whole, part = (context_of(read_source_series(some)) for some in (files, files[:-1]))
    assert whole.uid("x") != part.uid("x")


def test_results_name_the_patient_and_nothing_more(study: Study, tmp_path: Path) -> None:
    for result in (*make_results(*study), *make_results(*film_study(tmp_path))):
        read = written(result.data)
        assert (str(read.PatientName), read.PatientID, read.PatientBirthDate) == (NAME, "PID-1", "19600229")
        assert (read.AccessionNumber, str(read.ReferringPhysicianName)) == ("ACC-1", "House^Gregory")
        assert CANARY.encode() not in result.data
        assert (read.InstitutionName, read.StationName) == ("Klinikum Süd", "PC1")
        assert (read.StudyInstanceUID, read.SpecificCharacterSet) == ("2.25.11", "ISO_IR 192")


def test_results_belong_to_one_study_and_a_series_each(study: Study) -> None:
    read = [written(one.data) for one in make_results(*study)]
    assert len({one.StudyInstanceUID for one in read}) == 1
    assert len({one.SeriesInstanceUID for one in read}) == len({one.SeriesNumber for one in read}) == 4


def test_odd_patient_is_neither_refused_nor_quoted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:

    files = hospital_ct(tmp_path)
    with pydicom.config.disable_value_validation():
        for path in files:
            (one,) = each(
                [pydicom.dcmread(path)], PatientName="Jane Doe=x=y=z", PatientSex="F?", StudyDate="2021.02.03"
            )
            one.save_as(path)
    caplog.set_level(logging.DEBUG)
    results, _ = ct_study(tmp_path / "other")
    context = context_of(read_source_series(files))
    report = make_results(replace(results, labels=None, maps=(), report=replace(results.report, volumes=())), context)
    assert b"Jane Doe=x=y=z" in report[-1].data
    assert "Jane" not in caplog.text


def test_synthetic_patient_stays_marked(tmp_path: Path) -> None:

    files = hospital_ct(tmp_path)
    for path in files:
        each([pydicom.dcmread(path)], SyntheticData="YES")[0].save_as(path)
    results, _ = ct_study(tmp_path / "other")
    (segmentation, *_) = make_results(results, context_of(read_source_series(files)))
    assert written(segmentation.data).SyntheticData == "YES"
