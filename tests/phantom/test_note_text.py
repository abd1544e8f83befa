"""Phrases: every one can be filled, a symptom is never its own distractor, abbreviations shorten."""

from __future__ import annotations

import pytest

from monai_app.phantom.note_text import ABBREVIATIONS, DISTRACTORS, GRADES, OPENINGS, PLANS, SYMPTOMS


@pytest.mark.parametrize("name", SYMPTOMS)
def test_every_sentence_states_its_grade_and_can_be_filled(name: str) -> None:
    for sentence in SYMPTOMS[name].present:
        assert "{grade}" in sentence
        assert "{" not in sentence.format(grade="mild", days=3)
    assert all("{" not in phrase for phrase in SYMPTOMS[name].absent)


def test_grades_are_different_words() -> None:
    words = [word for grade in GRADES.values() for word in grade]
    assert len(set(words)) == len(words)


def test_sentences_that_mean_nothing_hold_no_symptom() -> None:
    phrases = {phrase for symptom in SYMPTOMS.values() for phrase in symptom.absent}
    for text in (*OPENINGS, *DISTRACTORS, *PLANS):
        assert not [phrase for phrase in phrases if phrase in text.lower()]


def test_abbreviations_shorten() -> None:
    assert all(len(short) < len(long) for long, short in ABBREVIATIONS.items())
