"""Headers: what cannot be checked before it is inflated or is nested beyond reason is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from monai_app.core.errors import InputRejected
from monai_app.dicom.film import read_film
from tests.faults.films import film_dataset, ramp, write_film


def test_deflated_film_is_refused_unread(tmp_path: Path) -> None:
    dataset = film_dataset(ramp())
    dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    dataset.save_as(tmp_path / "x.dcm", enforce_file_format=True)
    with pytest.raises(InputRejected, match="TRANSFER_SYNTAX"):
        read_film(tmp_path / "x.dcm")


@pytest.mark.parametrize("depth", [300, 10_000])
def test_deeply_nested_sequence_is_a_typed_error(tmp_path: Path, depth: int) -> None:
    whole = write_film(tmp_path / "x.dcm").read_bytes()
    pixel_data = whole.index(b"\xe0\x7f\x10\x00")
    voi_lut = b"\x28\x00\x10\x30SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    (tmp_path / "y.dcm").write_bytes(whole[:pixel_data] + voi_lut * depth + whole[pixel_data:])
    with pytest.raises(InputRejected, match=r"DICOM_UNREADABLE|VOI_INVALID|NO_PIXELS|TRUNCATED"):
        read_film(tmp_path / "y.dcm")


def test_error_shows_nothing_of_the_patient(tmp_path: Path) -> None:
    path = write_film(tmp_path / "CANARY.dcm", PatientName="CANARY^NAME", PatientID="CANARY", Modality="CANARY")
    with pytest.raises(InputRejected, match="WRONG_MODALITY") as caught:
        read_film(path)
    assert "CANARY" not in str(caught.value)
