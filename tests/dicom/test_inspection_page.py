"""The page: verdicts, faults and pictures are on it, and descriptions only where they were asked for."""

from __future__ import annotations

import pytest

from monai_app.dicom.discover import discover
from monai_app.dicom.inspection import Inspection, inspect
from monai_app.dicom.inspection_page import inspection_page
from tests.faults.folders import write_slice, write_slices


@pytest.fixture(scope="module")
def inspection(tmp_path_factory: pytest.TempPathFactory) -> Inspection:
    folder = tmp_path_factory.mktemp("scans")
    write_slices(folder, 4, SeriesDescription="Smith <b>")
    write_slice(folder / "scout", series="2", ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    (folder / "notes.txt").write_text("x" * 200)
    return inspect(discover(folder))


def test_page_tells_what_can_be_read_and_why_not(inspection: Inspection) -> None:
    page = inspection_page(inspection).render()
    for expected in ("can be read", "LOCALIZER", "NOT_DICOM", "8 x 8 x 4", "0.1 x 0.2 x 2", "<svg"):
        assert expected in page


def test_descriptions_are_shown_only_where_asked_for_and_escaped(inspection: Inspection) -> None:
    assert "Smith" not in inspection_page(inspection).render()
    assert "Smith &lt;b&gt;" in inspection_page(inspection, descriptions=True).render()
