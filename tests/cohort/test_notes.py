"""Notes come in time order, headed, and dumps are refused."""

from __future__ import annotations

import polars as pl
import pytest

from monai_app.cohort.notes import note_texts
from monai_app.cohort.spec import NoteSpec
from monai_app.core.errors import InputRejected
from tests.faults.cohorts import PREDICTION, event, events

SPEC = NoteSpec(codes=("NOTE//radiology", "NOTE//nursing"))
CODES = pl.DataFrame({"code": ["NOTE//radiology"], "description": ["radiology"]})


def text(rows: list[tuple], spec: NoteSpec = SPEC) -> str:
    visible = events(rows).lazy().with_columns(sample=pl.lit(0), prediction_time=pl.lit(PREDICTION))
    return note_texts(visible, CODES, spec, 1)[0]


def test_notes_are_joined_in_time_order() -> None:
    rows = [event(1, 5, "NOTE//radiology", None, "clear"), event(1, 1, "NOTE//nursing", None, " calm ")]
    assert text(rows) == "NOTE//nursing: calm\nradiology: clear"


def test_a_note_is_headed_as_the_spec_says_wherever_it_comes_from() -> None:
    rows = [event(1, 5, "NOTE//radiology", None, "clear"), event(1, 1, "NOTE//nursing", None, "calm")]
    headed = SPEC.model_copy(update={"headings": {"NOTE//radiology": "Film", "NOTE//nursing": "Ward"}})
    assert text(rows, headed) == "Ward: calm\nFilm: clear"


def test_blank_notes_are_no_notes() -> None:
    assert text([event(1, 5, "NOTE//radiology", None, "  \n")]) == ""


def test_a_window_leaves_old_notes_out() -> None:
    rows = [event(1, 5, "NOTE//radiology", None, "new"), event(1, 1, "NOTE//radiology", None, "old")]
    assert text(rows, SPEC.model_copy(update={"hours": 2.0})) == "radiology: new"


def test_a_note_of_ten_megabytes_is_refused() -> None:
    with pytest.raises(InputRejected, match=r"NOTE_TOO_LONG.*1 notes.*10000000.*at most 1000000"):
        text([event(1, 5, "NOTE//radiology", None, "a" * 10_000_000)])
