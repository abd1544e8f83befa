from __future__ import annotations

import json

import numpy as np
import pytest

from monai_app.engines.note_terms import NoteTerms, terms

NOTES = ["Eyes Score 4; on ventilator", "eyes score 3; on ventilator", "clear lungs", "Eyes Score 4\nclear lungs"] * 6


def test_phrases_keep_their_numbers_and_words_do_not():
    assert terms("Eyes Score 4; awake") == [
        "; eyes score 4",
        "; awake",
        "eyes",
        "score",
        "awake",
        "eyes score",
        "score awake",
    ]


def test_an_indicator_says_which_phrase_a_note_holds():
    fitted = NoteTerms.fit(NOTES)
    names = {column: term for term, column in fitted.vocabulary.items()}
    held = fitted.indicators(["eyes score 4; unheard of", ""])
    assert {names[fitted.phrases[index]] for index in np.flatnonzero(held[0])} == {"; eyes score 4"}
    assert not held[1].any()


def test_terms_survive_json_exactly():
    fitted = NoteTerms.fit(NOTES)
    again = NoteTerms.from_dict(json.loads(json.dumps(fitted.as_dict())))
    assert (again(NOTES) != fitted(NOTES)).nnz == 0
    assert np.array_equal(again.indicators(NOTES), fitted.indicators(NOTES))


def test_order_of_notes_does_not_change_a_note():
    fitted = NoteTerms.fit(NOTES)
    assert np.array_equal(fitted(NOTES).toarray()[::-1], fitted(NOTES[::-1]).toarray())


@pytest.mark.parametrize("notes", [[""], ["; ;"] * 5, [f"word{'x' * n}" for n in range(80)]])
def test_notes_without_a_shared_term_have_none(notes):
    assert NoteTerms.fit(notes) is None
