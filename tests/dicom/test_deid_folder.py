"""De-identification of a folder: one report, new names, nothing of the patient anywhere (faults.md, rows 42 to 44)."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image, ImageDraw, ImageFont

from monai_app.core.errors import InputRejected
from monai_app.dicom.deid_folder import REPORT, BurnedIn, deidentify_folder
from monai_app.dicom.deid_key import SiteKey
from monai_app.dicom.results import write_results
from monai_app.dicom.volume_files import read_volume
from tests.faults.series import each, mr, write
from tests.faults.studies import CANARY, NAME, PATIENT, ct_study, hospital_ct, hospital_film

KEY = SiteKey("k" * 32)


def with_text(path: Path) -> Path:
    """A film in which the patient's name is burnt, and that says it is not."""
    hospital_film(path, rows=300, columns=400)
    dataset = pydicom.dcmread(path)
    picture = Image.fromarray(np.full((300, 400), 500, np.float32) + np.arange(400, dtype=np.float32))
    ImageDraw.Draw(picture).text((30, 40), "SMITH JANE 1960", fill=4000.0, font=ImageFont.load_default(size=20))
    dataset.PixelData = np.asarray(picture).astype("<u2").tobytes()
    dataset.save_as(path)
    return path


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    """A CT and an MR of one study in files that are called like the patient."""
    folder = tmp_path / CANARY
    hospital_ct(folder / "ct")
    write(
        folder / "mr",
        each(mr(), **PATIENT, SeriesInstanceUID="2.25.13", SOPInstanceUID=lambda index: f"2.25.14{index}"),
        name=lambda index: f"{CANARY}-{index}",
    )
    return folder


def test_series_of_a_study_stay_together_and_readable(scans: Path, tmp_path: Path) -> None:
    report = deidentify_folder(scans, tmp_path / "out", KEY)
    assert (report["studies"], report["files_written"], report["files_refused"]) == (1, 12, {})
    before, after = (
        read_volume(scans / "ct"),
        [read_volume(tmp_path / "out" / "0001" / name) for name in ("0001", "0002")],
    )
    assert any(np.array_equal(before.array, one.array) for one in after)
    written = [pydicom.dcmread(path) for path in (tmp_path / "out").rglob("*.dcm")]
    assert len({one.StudyInstanceUID for one in written}) == len({one.StudyDate for one in written}) == 1
    assert len({one.SeriesInstanceUID for one in written}) == 2
    assert {one.PatientID for one in written} == {KEY.pseudonym("PID-1")}


def test_row_42_nothing_of_the_patient_is_left_or_told(
    scans: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="monai_app")
    (scans / "ct" / f"{NAME}.dcm").write_bytes(b"no DICOM")
    report = deidentify_folder(scans, tmp_path / "out", KEY)
    files = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    told = json.dumps(report) + caplog.text + " ".join(map(str, files)).replace(str(tmp_path), "")
    for secret in (CANARY, NAME.split("^")[0], "PID-1", "ACC-1"):
        assert secret not in told
        assert not any(secret.encode() in path.read_bytes() for path in files)
    assert report["files_refused"] == {"NOT_DICOM": 1}


def test_same_key_gives_the_same_files(scans: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        deidentify_folder(scans, tmp_path / name, KEY)
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_row_43_film_with_text_is_refused_whatever_it_says(tmp_path: Path) -> None:
    with_text(tmp_path / "in" / "text")
    with pytest.raises(InputRejected, match="NOTHING_WRITTEN.*BURNED_IN_TEXT 1"):
        deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)
    assert not (tmp_path / "out").exists()


def test_row_43_film_with_text_is_marked_and_listed_on_request(tmp_path: Path) -> None:
    with_text(tmp_path / "in" / "text")
    report = deidentify_folder(tmp_path / "in", tmp_path / "out", KEY, burned_in=BurnedIn.MARK)
    (name,) = report["burned_in_files"]
    assert pydicom.dcmread(tmp_path / "out" / name).BurnedInAnnotation == "YES"
    assert json.loads((tmp_path / "out" / REPORT).read_text()) == report


def test_row_43_film_that_says_so_is_believed(tmp_path: Path) -> None:
    hospital_film(tmp_path / "in" / "film", burned_in="YES")
    with pytest.raises(InputRejected, match="BURNED_IN_TEXT 1"):
        deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)


def test_reports_and_masks_are_refused_and_counted(tmp_path: Path) -> None:
    results, context = ct_study(tmp_path / "in" / "ct")
    write_results(tmp_path / "in" / "results", results, context)
    report = deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)
    assert report["files_written"] == 6 and set(report["files_refused"]) == {
        "IS_SEGMENTATION",
        "IS_PARAMETRIC_MAP",
        "SECONDARY_CAPTURE",
        "IS_REPORT",
    }


def test_image_without_uids_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "in", each(mr(), StudyInstanceUID=None))
    with pytest.raises(InputRejected, match="NOTHING_WRITTEN.*NO_UID 6"):
        deidentify_folder(tmp_path / "in", tmp_path / "out", KEY)
