"""Typos: letters only, as many as the rate says, from the keys a finger hits."""

from __future__ import annotations

import pytest

from monai_app.transforms.corruption.typos import Typosd, neighbour
from tests.transforms.corruption.samples import corrupted


@pytest.mark.parametrize(("letter", "expected"), [("a", "s"), ("P", "O"), ("m", "n"), ("é", "éé")])
def test_neighbour_is_on_the_same_row(letter: str, expected: str) -> None:
    assert neighbour(letter) == expected


def test_digits_marks_and_spaces_stay() -> None:
    text = "12.5 / 37 - (4): 9"
    assert Typosd("note", 5).apply(text, {"rate": 1.0, "seed": 0}) == text


def test_rate_is_the_share_of_mistyped_letters() -> None:
    text = "a" * 4000  # a mistake is s, aa or nothing
    typed = Typosd("note", 5).apply(text, {"rate": 0.3, "seed": 1})
    assert typed.count("s") == pytest.approx(400, rel=0.15) and len(typed) == pytest.approx(4000, rel=0.03)


@pytest.mark.parametrize("seed", range(6))
def test_note_of_one_letter_is_mistyped_but_not_left_out(seed: int) -> None:
    assert corrupted(Typosd("note", 1), seed, given={"note": "a", "note_present": True})[0] in ("s", "aa")
