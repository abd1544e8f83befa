"""The image library: every source image once, with modality and frame of reference."""

from __future__ import annotations

from pathlib import Path

from highdicom.sr.utils import find_content_items

from monai_app.dicom.film import MODALITIES as FILM_MODALITIES
from monai_app.dicom.image_library import MODALITIES, image_library
from monai_app.dicom.slice_header import VOLUME_MODALITIES
from monai_app.dicom.source_images import read_source_film, read_source_series
from tests.faults.studies import hospital_ct, hospital_film


def test_every_image_of_a_series_is_referred_to_once(tmp_path: Path) -> None:
    source = read_source_series(hospital_ct(tmp_path))
    (group,) = image_library(source.headers).ContentSequence
    images = find_content_items(group, value_type="IMAGE")
    assert [one.referenced_sop_instance_uid for one in images] == [one.SOPInstanceUID for one in source.headers]
    (frame,) = find_content_items(group, value_type="UIDREF")
    assert frame.value == source.headers[0].FrameOfReferenceUID


def test_film_has_no_frame_of_reference(tmp_path: Path) -> None:
    source = read_source_film(hospital_film(tmp_path / "film"))
    (group,) = image_library(source.headers).ContentSequence
    assert not find_content_items(group, value_type="UIDREF")
    (modality,) = find_content_items(group, value_type="CODE")
    assert modality.value.value == "DX"


def test_every_modality_that_is_read_has_a_code() -> None:
    assert set(MODALITIES) == {*FILM_MODALITIES, *VOLUME_MODALITIES}
