"""The vocabulary depends on the notes alone."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from monai_app.cohort.wordpiece import SPECIAL, train_wordpiece
from monai_app.core.errors import InputRejected

NOTES = [
    f"No pleural effusion. {side} lower lobe opacity, {n} mm, temp 3{n}.5 C"
    for side in ("Left", "Right")
    for n in range(9)
]

PROGRAM = f"""
import json, sys
from monai_app.cohort.wordpiece import train_wordpiece
print(json.dumps(train_wordpiece({NOTES!r}, vocabulary_size=120).get_vocab(), sort_keys=True))
"""


def test_another_process_learns_the_same_vocabulary() -> None:
    here = train_wordpiece(NOTES, vocabulary_size=120).get_vocab()
    there = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True, text=True).stdout
    assert json.loads(there) == here


def test_order_and_case_of_notes_do_not_matter() -> None:
    shuffled = [note.upper() for note in reversed(NOTES)]
    assert (
        train_wordpiece(shuffled, vocabulary_size=120).get_vocab()
        == train_wordpiece(NOTES, vocabulary_size=120).get_vocab()
    )


def test_size_is_bounded_and_special_tokens_come_first() -> None:
    vocabulary = train_wordpiece(NOTES, vocabulary_size=120).get_vocab()
    assert len(vocabulary) <= 120
    assert sorted(vocabulary.values()) == list(range(len(vocabulary)))
    assert [vocabulary[token] for token in SPECIAL] == [0, 1, 2, 3, 4]


def test_any_number_can_be_spelled_from_digits() -> None:
    tokens = train_wordpiece(NOTES, vocabulary_size=120).encode("8675309").tokens
    assert tokens == list("8675309")


def test_special_tokens_in_a_note_are_plain_text() -> None:
    assert 0 not in train_wordpiece([*NOTES, "[PAD]"], vocabulary_size=120).encode("[PAD] ##a").ids


@pytest.mark.parametrize("notes", [[], ["", "  \n"]])
def test_nothing_to_learn_from_is_rejected(notes: list[str]) -> None:
    with pytest.raises(InputRejected, match="EMPTY_NOTES"):
        train_wordpiece(notes, vocabulary_size=120)
