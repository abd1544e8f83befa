"""Tokens that touch are one word, and its value is theirs together."""

from __future__ import annotations

import numpy as np

from monai_app.explain.words import word_groups, words_of

OFFSETS = np.array([[-1, -1], [0, 3], [3, 5], [6, 7], [7, 8], [-1, -1], [-1, -1]])
TEXT = "cough 39 "


def test_pieces_of_a_word_stand_together() -> None:
    assert word_groups(OFFSETS).tolist() == [0, 1, 1, 3, 3, 5, 6]


def test_words_carry_the_sum_of_their_pieces() -> None:
    words = words_of(np.array([9, 1, 2, 3, 4, 9, 9], np.float32), OFFSETS)
    assert [(TEXT[word.start : word.end], word.value) for word in words] == [("cough", 3.0), ("39", 7.0)]


def test_empty_note_has_no_words() -> None:
    assert words_of(np.zeros(3, np.float32), np.full((3, 2), -1)) == []
