"""Where each latent can be seen: channels of the series, codes of the table, words of the note, findings of the film.

The prose of ``shown_as`` as data, for whoever asks whether a map lies on what carries the signal. Channels are read off
the model of the series itself; the rest repeats what film, table and note are drawn from, and is tested against them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from monai_app.phantom.channel import CHANNELS
from monai_app.phantom.note_text import ABBREVIATIONS, DISTRACTORS, GRADES, OPENINGS, PLANS, SYMPTOMS

COURSE = "series_course"
"""The latent that tilts channels instead of lifting them."""

FIELDS: dict[str, tuple[str, ...]] = {
    "table_age": ("AGE",),
    "table_cardiac": ("LVEF", "HEART_FAILURE_HISTORY"),
    "table_renal": ("EGFR_BASELINE", "CKD"),
    "table_smoking": ("PACK_YEARS", "COPD"),
    "table_frailty": ("FRAILTY", "CHARLSON", "IMMUNOSUPPRESSION"),
}
"""Codes of the table by latent."""

FINDINGS: dict[str, str] = {
    "film_consolidation": "consolidation",
    "film_heart": "heart",
    "film_congestion": "congestion",
    "film_effusion": "effusion",
    "film_nodule": "nodule",
    "film_pneumothorax": "pneumothorax",
}
"""Regions of the film's mask by latent."""

_FUNCTION_WORDS = ("denies no there is without or", "a at c/o complains of needs once one only over side since")
"""Words that tell of no symptom, though only the phrases of one may use them."""

_WORD = re.compile(r"[a-z/]+")


def channels_of(latent: str) -> tuple[str, ...]:
    """Codes of the channels that a latent moves; none for latents of other modalities."""
    if latent == COURSE:
        return tuple(channel.code for channel in CHANNELS if channel.course)
    return tuple(channel.code for channel in CHANNELS if channel.effects.get(latent))


def words(text: str) -> list[str]:
    """The words of a text in small letters, as :func:`words_of` and :func:`known_words` spell them."""
    return _WORD.findall(text.lower())


@lru_cache
def words_of(latent: str) -> frozenset[str]:
    """Words that notes use for the symptom of this latent and for nothing else, in full and abbreviated."""
    others = [name for name in SYMPTOMS if name != latent]
    common = set().union(*(_symptom_words(name) for name in others)) | _filler_words()
    return frozenset(_symptom_words(latent) - common)


@lru_cache
def known_words() -> frozenset[str]:
    """All words of untypoed notes; any other is a slip of the keyboard."""
    return frozenset(_filler_words().union(*(_symptom_words(name) for name in SYMPTOMS)))


@lru_cache
def _symptom_words(latent: str) -> frozenset[str]:
    if latent not in SYMPTOMS:
        return frozenset()
    symptom = SYMPTOMS[latent]
    return _spelt(re.sub(r"\{\w+\}", "", phrase) for phrase in (*symptom.present, *symptom.absent))


@lru_cache
def _filler_words() -> frozenset[str]:
    grades = [grade for options in GRADES.values() for grade in options]
    return _spelt([*OPENINGS, *DISTRACTORS, *PLANS, *grades, *_FUNCTION_WORDS])


def _spelt(phrases: Iterable[str]) -> frozenset[str]:
    found: set[str] = set()
    for phrase in phrases:
        short = phrase
        for long, abbreviation in ABBREVIATIONS.items():
            short = short.replace(long, abbreviation)
        found.update(words(phrase), words(short))
    return frozenset(found)
