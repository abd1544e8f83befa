from __future__ import annotations

from monai_app.phantom.anatomy import Lesion
from monai_app.phantom.companion import Companions, mask_labels, status_table
from monai_app.phantom.note import Note, Status
from monai_app.phantom.note_text import SYMPTOMS


def test_bits_of_a_film_mask_are_distinct() -> None:
    bits = mask_labels()["film_bits"].values()
    assert sum(bits) == 255 and len(bits) == len(Lesion) + 3


def test_companions_are_files_and_then_masks() -> None:
    both = Companions({"a.json": b"1"}, {"m.png": b"2"})
    assert list(both.items()) == [("a.json", b"1"), ("m.png", b"2")] and len(both) == 2


def test_statuses_of_no_note_are_an_empty_table() -> None:
    assert status_table({}).height == 0
    notes = {4: Note("x", dict.fromkeys(SYMPTOMS, Status.SILENT))}
    assert status_table(notes).row(0) == (4, *["silent"] * len(SYMPTOMS))
