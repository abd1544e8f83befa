"""The default repairs nothing."""

from __future__ import annotations

from pydicom.datadict import dictionary_VR

from monai_app.dicom.series_options import DEFAULT_OPTIONS, PHASE_KEYWORDS, SeriesOptions, Tilt, Uneven


def test_default_repairs_nothing() -> None:
    assert SeriesOptions() == DEFAULT_OPTIONS
    assert DEFAULT_OPTIONS.tilt is Tilt.REJECT and DEFAULT_OPTIONS.uneven is Uneven.REJECT
    assert DEFAULT_OPTIONS.phase is None and DEFAULT_OPTIONS.required_coverage_mm == 0


def test_phases_are_told_apart_by_technical_elements_only() -> None:
    assert not {dictionary_VR(keyword) for keyword in PHASE_KEYWORDS} & {"PN", "LO", "LT", "DA", "DT", "TM", "UI"}
