"""Rules of de-identification: the table of the standard, and stricter where it is silent about text."""

from __future__ import annotations

import pytest
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.tag import Tag

from monai_app.dicom.deid_rules import TECHNICAL_TEXT, Action, action_of, is_registered


@pytest.mark.parametrize(
    ("keyword", "action"),
    [
        ("PatientName", Action.EMPTY),
        ("PatientBirthDate", Action.EMPTY),
        ("PatientSex", Action.EMPTY),
        ("PatientAge", Action.REMOVE),
        ("PatientComments", Action.REMOVE),
        ("SeriesDescription", Action.REMOVE),
        ("StudyDate", Action.SHIFT),
        ("AcquisitionDateTime", Action.SHIFT),
        ("StudyTime", Action.KEEP),
        ("SOPInstanceUID", Action.NEW_UID),
        ("FrameOfReferenceUID", Action.NEW_UID),
        ("ReferencedImageSequence", Action.KEEP),
        ("RequestAttributesSequence", Action.REMOVE),
        ("Rows", Action.KEEP),
        ("PixelData", Action.KEEP),
        ("Manufacturer", Action.KEEP),
        ("ConvolutionKernel", Action.KEEP),
    ],
)
def test_element_is_treated_as_the_standard_says(keyword: str, action: Action) -> None:
    tag = Tag(tag_for_keyword(keyword))
    assert action_of(tag, dictionary_VR(tag)) is action


@pytest.mark.parametrize("tag", [0x00091010, 0x60003000, 0x50000040, 0x0018FFF0])
def test_private_overlay_and_unknown_elements_go(tag: int) -> None:
    assert action_of(Tag(tag), "LO") is Action.REMOVE


def test_text_that_nobody_listed_goes_and_technical_text_stays() -> None:
    assert action_of(Tag(tag_for_keyword("DetectorManufacturerName")), "LO") is Action.EMPTY
    assert all(tag_for_keyword(name) is not None for name in TECHNICAL_TEXT)


def test_only_uids_of_the_standard_are_registered() -> None:
    assert is_registered("1.2.840.10008.5.1.4.1.1.2") and not is_registered("2.25.4")
