"""An admission note from templates: graded symptoms, negations, abbreviations, typos.

Each symptom shows one latent in five steps: denied, not mentioned, mild, moderate, severe. The statuses are kept beside
the cohort, so that what a model makes of a negation can be checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from monai_app.cohort.spec import Modality
from monai_app.phantom.corruption import CorruptionKind, severity_of
from monai_app.phantom.note_text import ABBREVIATIONS, DISTRACTORS, GRADES, OPENINGS, PLANS, SYMPTOMS
from monai_app.phantom.patient import Patient


class Status(StrEnum):
    """What a note says about a symptom."""

    NEGATED = "negated"
    SILENT = "silent"
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


_UPPER_EDGES = (-0.55, 0.05, 0.75, 1.5)
"""Upper edges of the latent for all statuses but the last."""

_UNASKED = 0.06
"""Part of the symptoms that nobody asked about, whatever the latent."""

_ABBREVIATED = 0.45


@dataclass(frozen=True)
class Note:
    """A note and what it says: ``statuses`` by latent."""

    text: str
    statuses: dict[str, Status]


def draw_note(patient: Patient) -> Note:
    """Write the admission note of a patient."""
    rng = patient.generator("note")
    statuses = {}
    for name in SYMPTOMS:
        step = int(np.searchsorted(_UPPER_EDGES, patient.latent(name)))
        statuses[name] = Status.SILENT if rng.random() < _UNASKED else tuple(Status)[step]
    sentences = [_pick(rng, OPENINGS), *_positives(rng, statuses), *_negatives(rng, statuses)]
    sentences += [DISTRACTORS[int(index)] for index in rng.permutation(len(DISTRACTORS))[: int(rng.integers(1, 4))]]
    sentences.append(_pick(rng, PLANS))
    corruption = patient.corruptions.get(Modality.NOTE)
    kept = round(len(sentences) * (1.0 - 0.8 * severity_of(corruption, CorruptionKind.TRUNCATED)))
    text = " ".join(sentences[: max(kept, 1)])
    if rng.random() < _ABBREVIATED:
        for long, short in ABBREVIATIONS.items():
            text = text.replace(long, short)
    typo_rate = patient.site.typo_rate + 0.25 * severity_of(corruption, CorruptionKind.MISTYPED)
    return Note(_mistype(rng, text, typo_rate), statuses)


def _pick(rng: np.random.Generator, options: tuple[str, ...]) -> str:
    return options[int(rng.integers(len(options)))]


def _positives(rng: np.random.Generator, statuses: dict[str, Status]) -> list[str]:
    """One sentence for each symptom that is there, in random order."""
    names = [name for name, status in statuses.items() if status in (Status.MILD, Status.MODERATE, Status.SEVERE)]
    sentences = []
    for index in rng.permutation(len(names)):
        name = names[int(index)]
        grade = _pick(rng, GRADES[statuses[name].value])
        sentence = _pick(rng, SYMPTOMS[name].present).format(grade=grade, days=int(rng.integers(2, 9)))
        sentences.append(sentence[0].upper() + sentence[1:])
    return sentences


def _negatives(rng: np.random.Generator, statuses: dict[str, Status]) -> list[str]:
    """The denied symptoms, in groups of up to three under one negation."""
    names = [name for name, status in statuses.items() if status is Status.NEGATED]
    phrases = [_pick(rng, SYMPTOMS[names[int(index)]].absent) for index in rng.permutation(len(names))]
    sentences = []
    while phrases:
        size = int(rng.integers(1, 4))
        group, phrases = phrases[:size], phrases[size:]
        listed = ", ".join(group[:-1]) + (" or " if len(group) > 1 else "") + group[-1]
        sentences.append(_pick(rng, ("Denies {}.", "No {}.", "There is no {}.", "Without {}.")).format(listed))
    return sentences


def _mistype(rng: np.random.Generator, text: str, rate: float) -> str:
    """Swap two letters, drop one or double one in about ``rate`` of the longer words."""
    words = text.split(" ")
    for index, word in enumerate(words):
        hit, place, kind = rng.random() < rate, int(rng.integers(1, max(len(word) - 1, 2))), int(rng.integers(3))
        if not hit or len(word) < 4:
            continue
        left, right = word[:place], word[place:]
        words[index] = (left[:-1] + right[0] + left[-1] + right[1:], left + right[1:], left + right[0] + right)[kind]
    return " ".join(words)
