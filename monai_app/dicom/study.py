"""The attributes that every image we write shares: patient, study, series, equipment, and that it is synthetic."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

IMPLEMENTATION_UID = "2.25.316471582014836570958290451962038947105"
"""Names this writer in the file meta information (PS3.10 7.1), so that files do not change with pydicom's version."""

IMPLEMENTATION_VERSION = "MONAI_APP_1"


@dataclass(frozen=True)
class StudyHeader:
    """Who was examined, when, and on what.

    Attributes:
        patient_id: from the simulation; there are no names.
        sex: F, M or O.
        age_years: whole years are written.
        taken: date and time of the acquisition.
        study_uid: shared by all series of one examination.
        series_uid: shared by all images of one series.
        synthetic: marks the pixels as simulated (0008,001C).
    """

    patient_id: str
    sex: str
    age_years: float
    taken: datetime
    study_uid: str
    series_uid: str
    manufacturer: str
    model: str
    institution: str
    description: str
    synthetic: bool = True


def new_dataset(header: StudyHeader, *, sop_class_uid: str, sop_instance_uid: str) -> FileDataset:
    """A dataset with the patient, study, series and equipment modules filled in (PS3.3 C.7.1 to C.7.5)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class_uid)
    meta.MediaStorageSOPInstanceUID = UID(sop_instance_uid)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    date, time = header.taken.strftime("%Y%m%d"), header.taken.strftime("%H%M%S")
    values = {
        "SpecificCharacterSet": "ISO_IR 192",
        "SyntheticData": "YES" if header.synthetic else "NO",
        "SOPClassUID": sop_class_uid,
        "SOPInstanceUID": sop_instance_uid,
        "PatientName": "",
        "PatientID": header.patient_id,
        "PatientBirthDate": "",
        "PatientSex": header.sex,
        "PatientAge": f"{int(header.age_years):03d}Y",
        "PatientIdentityRemoved": "YES",
        "DeidentificationMethod": "Simulated patient" if header.synthetic else "",
        "StudyInstanceUID": header.study_uid,
        "SeriesInstanceUID": header.series_uid,
        "StudyID": "1",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "StudyDate": date,
        "StudyTime": time,
        "SeriesDate": date,
        "SeriesTime": time,
        "AcquisitionDate": date,
        "AcquisitionTime": time,
        "ContentDate": date,
        "ContentTime": time,
        "Manufacturer": header.manufacturer,
        "ManufacturerModelName": header.model,
        "InstitutionName": header.institution,
        "DeviceSerialNumber": "0",
        "SoftwareVersions": "1",
        "SeriesDescription": header.description,
        "ContentQualification": "RESEARCH",
    }
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def set_pixels(dataset: FileDataset, *, rows: int, columns: int, bits: int, data: bytes, photometric: str) -> None:
    """Fill the image pixel module (PS3.3 C.7.6.3) for one unsigned 16-bit grey frame."""
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = photometric
    dataset.Rows, dataset.Columns = rows, columns
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, bits, bits - 1
    dataset.PixelRepresentation = 0
    dataset.add_new(0x7FE00010, "OW", data)


def to_bytes(dataset: FileDataset) -> bytes:
    """The dataset as a DICOM file."""
    stream = io.BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
