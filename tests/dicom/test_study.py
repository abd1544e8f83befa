from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime

import pydicom
from pydicom.uid import CTImageStorage

from monai_app.dicom.study import StudyHeader, new_dataset, to_bytes

HEADER = StudyHeader(
    patient_id="PHANTOM0000001",
    sex="F",
    age_years=7.9,
    taken=datetime(2021, 2, 3, 4, 5, 6),
    study_uid="2.25.1",
    series_uid="2.25.2",
    manufacturer="M",
    model="N",
    institution="I",
    description="D",
)


def written(header: StudyHeader) -> pydicom.FileDataset:
    return pydicom.dcmread(
        io.BytesIO(to_bytes(new_dataset(header, sop_class_uid=CTImageStorage, sop_instance_uid="2.25.3")))
    )


def test_a_simulated_patient_is_marked_and_has_no_name() -> None:
    dataset = written(HEADER)
    assert dataset.SyntheticData == "YES" and dataset.ContentQualification == "RESEARCH"
    assert str(dataset.PatientName) == "" and dataset.PatientBirthDate == ""
    assert dataset.PatientAge == "007Y" and dataset.StudyDate == "20210203" and dataset.StudyTime == "040506"


def test_real_images_are_not_called_synthetic() -> None:
    assert written(replace(HEADER, synthetic=False)).SyntheticData == "NO"
