"""The record of the film's patient: of nobody else, and of no later time, whatever it comes from."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pydicom
import pytest
from pydicom.dataset import Dataset

from monai_app.cohort.spec import ModalitySpec, ModelSpec
from monai_app.cohort.writer import write_cohort
from monai_app.core.errors import InputRejected
from monai_app.deploy.study_record import read_record, study_moment, subject_of
from monai_app.dicom.source_images import Patient
from tests.cohort.fhir.records import SPEC, bundle, observation, patient
from tests.faults.cohorts import MODALITIES, PREDICTION, small_content

MODEL = ModelSpec(modalities=SPEC, tasks=())
ZONE = ZoneInfo("Europe/Berlin")


def whose(identifier: str = "P1", day: str = "20260301", time: str = "1200", born: str = "19500601") -> Patient:
    elements = Dataset()
    with pydicom.config.disable_value_validation():
        elements.PatientID, elements.PatientBirthDate = identifier, born
        elements.StudyDate, elements.StudyTime = day, time
    return Patient(elements)


def test_a_fhir_bundle_is_cut_at_the_study(tmp_path: Path) -> None:
    later = observation("2160-0", 9.9, "mg/dL", "2026-03-01T12:00:01+01:00")
    record = bundle(patient(), observation("2160-0", 1.2, "mg/dL"), later)
    (tmp_path / "r.json").write_text(json.dumps(record))
    found = read_record(str(tmp_path / "r.json"), MODEL, whose(), zone=ZONE)
    assert found.events.filter(code="CREA")["numeric_value"].to_list() == [pytest.approx(1.2)]
    assert found.report["after_the_image"] == 1


def test_a_meds_dataset_is_cut_at_the_study(tmp_path: Path) -> None:
    write_cohort(tmp_path / "c", small_content())
    model = replace_modalities(MODALITIES)
    at = PREDICTION.strftime("%Y%m%d"), PREDICTION.strftime("%H%M%S")
    found = read_record(str(tmp_path / "c"), model, whose("1", *at), zone=None)
    assert found.events["time"].max() <= PREDICTION and found.events.height == found.report["events"]
    with pytest.raises(InputRejected, match="PATIENT_MISMATCH"):
        read_record(str(tmp_path / "c"), model, whose("11", *at), zone=None)


def replace_modalities(modalities: ModalitySpec) -> ModelSpec:
    return ModelSpec(modalities=modalities, tasks=())


def test_a_model_of_films_reads_no_record(tmp_path: Path) -> None:
    films = replace_modalities(ModalitySpec(film=MODALITIES.film))
    with pytest.raises(InputRejected, match="EHR_NOT_READ"):
        read_record(str(tmp_path), films, whose(), zone=None)


@pytest.mark.parametrize(("day", "time"), [("", "1200"), ("20260301", ""), ("20260230", "12"), ("20260301", "2500")])
def test_without_a_time_nothing_is_read(day: str, time: str) -> None:
    with pytest.raises(InputRejected, match="STUDY_TIME_MISSING"):
        study_moment(whose(day=day, time=time))


def test_moment_and_subject_are_those_of_the_header() -> None:
    assert study_moment(whose(time="121314.25")) == datetime(2026, 3, 1, 12, 13, 14)
    assert study_moment(whose(time="12")) == datetime(2026, 3, 1, 12)
    assert subject_of(whose(born="")).birth_date is None and subject_of(whose()).identifier == "P1"
