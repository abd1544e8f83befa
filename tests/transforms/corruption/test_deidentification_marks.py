"""De-identification marks: in the place of whole words, with the white space kept."""

from __future__ import annotations

import re

from monai_app.transforms.corruption.deidentification_marks import MARKS, RATE, DeidentificationMarksd
from tests.transforms.corruption.samples import NOTE, corrupted


def test_words_are_kept_or_become_marks() -> None:
    text, _ = corrupted(DeidentificationMarksd("note", 3))
    pairs = list(zip(NOTE.split(), text.split(), strict=True))
    assert all(after == before or after in MARKS for before, after in pairs)
    assert 0 < sum(after != before for before, after in pairs) < len(pairs)


def test_white_space_stays() -> None:
    text = "a\n\n b\tc "
    marked = DeidentificationMarksd("note", 5).apply(text, {"rate": 1.0, "seed": 0})
    assert re.findall(r"\s+", marked) == re.findall(r"\s+", text) and set(marked.split()) <= set(MARKS)


def test_rate_is_the_share_of_words() -> None:
    marked = DeidentificationMarksd("note", 5).apply("w " * 2000, {"rate": RATE[2], "seed": 0})
    assert abs(marked.count("w ") / 2000 - (1 - RATE[2])) < 0.03
