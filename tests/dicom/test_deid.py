"""De-identification of one image: who it was is gone, what it shows stays (faults.md, rows 42 and 44)."""

from __future__ import annotations

import io
from datetime import date, timedelta
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset

from monai_app.dicom.deid import deidentify, shifted
from monai_app.dicom.deid_key import SiteKey
from monai_app.dicom.study import to_bytes
from tests.dicom.validators import dciodvfy_errors
from tests.faults.series import ct, each
from tests.faults.studies import CANARY, NAME, NEVER_COPIED, PATIENT

KEY = SiteKey("k" * 32)
DAYS = timedelta(days=KEY.shift_days("PID-1"))


def scan() -> list[FileDataset]:
    """A CT with the patient in names, private elements, nested sequences, UIDs and the file's preamble."""
    slices = each(ct(), **PATIENT, **NEVER_COPIED)
    for one in slices:
        nested = Dataset()
        nested.PatientName, nested.ReferencedSOPInstanceUID = CANARY, "1.2.8131.5"
        nested.ReferencedSOPClassUID = one.SOPClassUID
        nested.add_new(0x00091001, "LO", CANARY)
        one.ReferencedImageSequence = [nested]
        one.add_new(0x00090010, "LO", CANARY)
        one.add_new(0x60003000, "OW", CANARY.encode())
        one.add_new(0x00189999, "UN", CANARY.encode())
        one.DetectorManufacturerName = CANARY
        one.StudyInstanceUID = "1.2.8131.4"
        one.AcquisitionDateTime = "20210203040506.5+0100"
        one.preamble = CANARY.encode().ljust(128, b"\0")
        one.file_meta.SourceApplicationEntityTitle = CANARY
    return slices


def done(dataset: FileDataset, key: SiteKey = KEY) -> FileDataset:
    deidentify(dataset, key)
    return pydicom.dcmread(io.BytesIO(to_bytes(dataset)))


def test_row_42_canaries_are_nowhere_in_the_file() -> None:
    dataset = scan()[0]
    deidentify(dataset, KEY)
    data = to_bytes(dataset)
    for secret in (CANARY, NAME.split("^")[0], "Gregory", "PID-1", "ACC-1", "19600229", "8131", "20210203"):
        assert secret.encode() not in data, secret


def test_pixels_and_geometry_stay() -> None:
    before = scan()[0]
    pixels, position, spacing = before.PixelData, before.ImagePositionPatient, before.PixelSpacing
    after = done(before)
    assert (after.PixelData, after.ImagePositionPatient, after.PixelSpacing) == (pixels, position, spacing)
    assert (after.Modality, after.ConvolutionKernel, after.RescaleIntercept) == ("CT", "STANDARD", -1024)
    assert after.StudyTime == "040506"


def test_file_says_what_was_done_to_it() -> None:
    after = done(scan()[0])
    assert after.PatientIdentityRemoved == "YES" and "PS3.15" in after.DeidentificationMethod
    assert [one.CodeValue for one in after.DeidentificationMethodCodeSequence] == ["113100", "113107"]
    assert after.LongitudinalTemporalInformationModified == "MODIFIED"
    assert after.PatientID == KEY.pseudonym("PID-1") and "SourceApplicationEntityTitle" not in after.file_meta


def test_row_44_uids_stay_consistent_and_classes_stay() -> None:
    first, second = (done(one) for one in scan()[:2])
    for name in ("StudyInstanceUID", "SeriesInstanceUID", "FrameOfReferenceUID"):
        assert first[name].value == second[name].value
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.SOPInstanceUID == first.file_meta.MediaStorageSOPInstanceUID
    assert first.SOPClassUID == scan()[0].SOPClassUID
    (reference,) = first.ReferencedImageSequence
    assert reference.ReferencedSOPInstanceUID == KEY.uid("1.2.8131.5")
    assert reference.ReferencedSOPClassUID == first.SOPClassUID


def test_row_44_dates_of_a_patient_move_by_one_offset() -> None:
    after = done(scan()[0])
    expected = (date(2021, 2, 3) + DAYS).strftime("%Y%m%d")
    assert after.StudyDate == after.AcquisitionDate == expected
    assert str(after.AcquisitionDateTime) == f"{expected}040506.5+0100"
    other = scan()[0]
    other.PatientID = "PID-2"
    assert done(other).StudyDate != expected


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("20200301", "20200229"),
        ("2020.03.01", "20200229"),
        ("20200301120000.123-0500", "20200229120000.123-0500"),
        ("202013", ""),
        ("unknown", ""),
        ("00010101", ""),
    ],
)
def test_date_moves_by_whole_days_and_nonsense_goes(text: str, moved: str) -> None:
    assert shifted(text, timedelta(days=-1)) == moved


def test_image_without_a_patient_id_goes_by_its_study() -> None:
    slices = each(scan(), PatientID=None)
    assert done(slices[0]).PatientID == done(slices[1]).PatientID == KEY.pseudonym("1.2.8131.4")


def test_de_identified_image_is_valid(tmp_path: Path) -> None:
    dataset = each(ct(), **PATIENT, **NEVER_COPIED)[0]
    before = dciodvfy_errors(to_bytes(dataset), tmp_path)
    deidentify(dataset, KEY)
    after = dciodvfy_errors(to_bytes(dataset), tmp_path)
    assert [line for line in after if line not in before] == []
