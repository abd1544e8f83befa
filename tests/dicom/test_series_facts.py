"""Facts: distinct values of all images, geometry along the normal, and no value where the file has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monai_app.dicom.discover import discover
from monai_app.dicom.series_facts import FIELDS, Facts, series_facts
from tests.faults.folders import write_slice, write_slices

CORONAL = [1.0, 0.0, 0.0, 0.0, 0.0, -1.0]
SAGITTAL = [0.0, 1.0, 0.0, 0.0, 0.0, -1.0]
OBLIQUE = [1.0, 0.0, 0.0, 0.0, 0.70710678, 0.70710678]


def facts_of(folder: Path) -> Facts:
    (series,) = discover(folder).series
    return series_facts(series)


def test_spacing_and_coverage_come_from_positions(tmp_path: Path) -> None:
    facts = facts_of(write_slices(tmp_path, 5, SliceThickness=7.0))
    assert facts["spacing_mm"] == (2.0,) and facts["coverage_mm"] == (10.0,)
    assert facts["slice_thickness_mm"] == (7.0,) and facts["images"] == (5.0,)


@pytest.mark.parametrize(
    ("orientation", "plane"),
    [([1.0, 0, 0, 0, 1.0, 0], "axial"), (CORONAL, "coronal"), (SAGITTAL, "sagittal"), (OBLIQUE, "oblique")],
)
def test_plane_follows_the_normal(tmp_path: Path, orientation: list[float], plane: str) -> None:
    assert facts_of(write_slices(tmp_path, 1, ImageOrientationPatient=orientation))["plane"] == (plane,)


def test_values_that_differ_are_all_listed(tmp_path: Path) -> None:
    write_slice(tmp_path / "a", index=0, EchoTime=30.0)
    write_slice(tmp_path / "b", index=1, EchoTime=90.0)
    assert facts_of(tmp_path)["echo_time_ms"] == (30.0, 90.0)


@pytest.mark.parametrize(
    "elements",
    [
        {"ImagePositionPatient": [0.0, 0.0], "ImageOrientationPatient": [1.0], "PixelSpacing": [1.0]},
        {"ImageOrientationPatient": ["", "", ""], "PixelSpacing": ["", ""]},
        {"ImageOrientationPatient": None, "PixelSpacing": None},
    ],
)
def test_what_is_missing_or_malformed_has_no_value(tmp_path: Path, elements: dict[str, Any]) -> None:
    facts = facts_of(write_slices(tmp_path, 2, **elements))
    assert facts["plane"] == () and facts["spacing_mm"] == () and facts["pixel_spacing_mm"] == ()


def test_every_field_is_always_there(tmp_path: Path) -> None:
    assert set(facts_of(write_slices(tmp_path, 1))) == set(FIELDS)
