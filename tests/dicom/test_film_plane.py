"""A film's plane: a frame of reference of its own, rows and columns where the file says that they lead."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from monai_app.dicom.film_plane import as_plane


def film(**elements: object) -> Dataset:
    header = Dataset()
    header.SOPInstanceUID, header.Rows, header.Columns = "2.25.5", 60, 48
    for name, value in elements.items():
        setattr(header, name, value)
    return header


@pytest.mark.parametrize(
    ("told", "directions"),
    [
        (["L", "F"], [1, 0, 0, 0, 0, -1]),
        (["A", "F"], [0, -1, 0, 0, 0, -1]),
        (["R", "H"], [-1, 0, 0, 0, 0, 1]),
        (["LA", "FP"], [1, 0, 0, 0, 0, -1]),
        (["L", "R"], [1, 0, 0, 0, 0, -1]),
        (None, [1, 0, 0, 0, 0, -1]),
    ],
)
def test_rows_and_columns_lead_where_the_file_says(told: list[str] | None, directions: list[int]) -> None:
    assert as_plane(film(PatientOrientation=told), (60, 48)).ImageOrientationPatient == directions


def test_coarser_plane_covers_the_same_film() -> None:
    plane = as_plane(film(PixelSpacing=[0.2, 0.1]), (20, 24))
    assert [*map(float, plane.PixelSpacing)] == pytest.approx([0.6, 0.2])
    assert (plane.Rows, plane.Columns) == (20, 24)


def test_frame_of_reference_belongs_to_the_film_alone() -> None:
    one, again = as_plane(film(), (60, 48)), as_plane(film(), (20, 16))
    other = as_plane(film(SOPInstanceUID="2.25.6"), (60, 48))
    assert one.FrameOfReferenceUID == again.FrameOfReferenceUID != other.FrameOfReferenceUID


def test_header_of_the_film_stays_as_it_is() -> None:
    header = film()
    as_plane(header, (20, 16))
    assert header.Rows == 60 and "FrameOfReferenceUID" not in header
