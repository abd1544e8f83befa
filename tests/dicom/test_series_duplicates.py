"""Copies, conflicts and phases."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.series_duplicates import check_single, of_phase, without_copies
from monai_app.dicom.series_geometry import ordered
from monai_app.dicom.series_options import Phase
from monai_app.dicom.slice_header import SliceHeader, read_slice_headers
from tests.faults.series import ct, each, enhanced, write


def headers(folder: Path, slices: list) -> list[SliceHeader]:
    return [one for path in write(folder, slices) for one in read_slice_headers(path)]


def test_the_same_bytes_count_once_with_and_without_identifiers(tmp_path: Path) -> None:
    for name, slices in (("with", ct()), ("without", each(ct(), SOPInstanceUID=None))):
        kept, copies = without_copies(headers(tmp_path / name, [*slices, slices[1], slices[1]]))
        assert (len(kept), copies) == (6, 2)


def test_frames_of_one_file_are_no_copies(tmp_path: Path) -> None:
    kept, copies = without_copies(headers(tmp_path, [enhanced(ct())]))
    assert (len(kept), copies) == (6, 0)


def test_conflicting_files_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="UID_CONFLICT"):
        without_copies(headers(tmp_path, [*ct(), *each(ct()[:1], SliceThickness=9.0)]))


def test_phase_compares_numbers_as_numbers_and_text_as_text(tmp_path: Path) -> None:
    slices = headers(tmp_path, each(ct(), EchoTime=lambda index: 4.6 if index < 2 else 9.2, EchoNumbers=None))
    for value in (4.6, "4.60", "4.6"):
        assert len(of_phase(slices, Phase("EchoTime", value))) == 2
    assert len(of_phase(slices, Phase("ImageType", "ORIGINAL\\PRIMARY\\AXIAL"))) == 6
    assert of_phase(slices, None) == slices
    for phase, there in ((Phase("EchoTime", 1), "4.6, 9.2"), (Phase("EchoNumbers", 1), "none")):
        with pytest.raises(InputRejected, match=f"PHASE_NOT_FOUND.*{there}"):
            of_phase(slices, phase)


def test_phases_cannot_be_selected_by_other_elements(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="PHASE_NOT_FOUND"):
        of_phase(headers(tmp_path, ct()), Phase("PatientName", "X"))


def test_duplicates_that_nothing_tells_apart_are_said_to_be_so(tmp_path: Path) -> None:
    twice = each(ct()[:1], SOPInstanceUID="2.25.1")
    with pytest.raises(InputRejected, match="DUPLICATE_POSITION.*Nothing in their headers"):
        check_single(ordered(headers(tmp_path, [*ct(), *twice])))
    check_single(ordered(headers(tmp_path / "sound", ct())))
