"""Concepts: private codes follow from names and fit DICOM."""

from __future__ import annotations

from pydicom.sr.codedict import codes

from monai_app.dicom.concept import PRIVATE_SCHEME, concept_of, private_concept


def test_private_code_follows_from_the_name() -> None:
    first, again, other = (private_concept(name) for name in ("heart_failure", "heart_failure", "sepsis"))
    assert first == again and first.value != other.value
    assert (first.scheme, first.meaning) == (PRIVATE_SCHEME, "heart failure")
    assert len(first.value) <= 16 and len(private_concept("x" * 200).meaning) <= 64


def test_concept_of_the_standard_is_coded_as_such() -> None:
    assert concept_of(codes.SCT.Lung).coded() == codes.SCT.Lung
