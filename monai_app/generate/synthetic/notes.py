"""Notes as fields: frequent terms of the train notes, and how often each is affirmed or denied given a label.

No sentence of a source's note is kept: terms are single words that at least 10 train notes and 2 % of them hold; the
datasheet lists them, so that a reader can see that no name is among them.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from monai_app.generate.synthetic.marginal import Floats

MOST_TERMS, FEWEST_NOTES = 24, 10
_LEAST_SHARE = 0.02
_SILENT, _AFFIRMED, _DENIED = 0, 1, 2
_WORD = re.compile(r"[^\W\d_][^\W\d_\-]{3,}")
_SENTENCE_END = re.compile(r"[.;\n]")
_NEGATION = re.compile(r"\b(no|not|denies|denied|without|negative|kein|keine|ohne)\b")
HEADING = "Synthetic note."


@dataclass(frozen=True)
class NoteFields:
    """Fitted frequencies.

    Attributes:
        terms: T words.
        labels: column of the record that each term depends on (T,).
        frequencies: (T, 3, 3): label 0, 1, unknown -> silent, affirmed, denied.
    """

    terms: tuple[str, ...]
    labels: tuple[int, ...]
    frequencies: Floats

    @classmethod
    def fit(cls, notes: Sequence[str], records: Floats, candidates: Sequence[int]) -> NoteFields:
        """Fit on the notes of records (N, D); each term depends on the candidate column that tells most of it."""
        said = [statuses(note) for note in notes]
        counts = Counter(term for note in said for term in note)
        low = max(FEWEST_NOTES, _LEAST_SHARE * len(notes))
        frequent = sorted(t for t, n in counts.items() if n >= low)
        values = records[:, list(candidates)]
        states = np.where(np.isfinite(values), np.nan_to_num(values) > 0.5, 2).astype(np.int64)
        found = []
        for term in frequent:
            status = np.array([note.get(term, _SILENT) for note in said], np.int64)
            told = [_information(states[:, place], status) for place in range(len(candidates))]
            if told:
                found.append((max(told), term, int(np.argmax(told)), status))
        found.sort(key=lambda row: (-row[0], row[1]))
        kept = found[:MOST_TERMS]
        tables = [_frequencies(states[:, place], status) for _, _, place, status in kept]
        labels = tuple(int(candidates[place]) for _, _, place, _ in kept)
        return cls(tuple(row[1] for row in kept), labels, np.array(tables).reshape(-1, 3, 3))

    def write(self, record: Floats, generator: np.random.Generator) -> str:
        """The note of a record (D,)."""
        parts: dict[int, list[str]] = {_AFFIRMED: [], _DENIED: []}
        draws = generator.random(len(self.terms))
        for term, column, table, draw in zip(self.terms, self.labels, self.frequencies, draws, strict=True):
            value = record[column]
            state = 2 if not np.isfinite(value) else int(value > 0.5)
            status = int(np.searchsorted(np.cumsum(table[state])[:-1], draw, side="right"))
            if status != _SILENT:
                parts[status].append(term)
        told = [
            f"{name}: {', '.join(parts[status])}." for name, status in (("Reported", 1), ("No", 2)) if parts[status]
        ]
        return " ".join([HEADING, *told])


def statuses(note: str) -> dict[str, int]:
    """Which words a note affirms or denies: a word after a negation in its sentence is denied, affirmed once wins."""
    said: dict[str, int] = {}
    for sentence in _SENTENCE_END.split(note.lower()):
        negation = _NEGATION.search(sentence)
        for match in _WORD.finditer(sentence):
            word = match.group()
            if word in ENGLISH_STOP_WORDS or _NEGATION.fullmatch(word):
                continue
            denied = negation is not None and match.start() > negation.start()
            said[word] = _DENIED if denied and said.get(word, _DENIED) == _DENIED else _AFFIRMED
    return said


def _information(states: NDArray[np.int64], status: NDArray[np.int64]) -> float:
    """Mutual information of two columns of 0, 1, 2, in nats."""
    joint = np.bincount(3 * states + status, minlength=9).reshape(3, 3) / max(len(status), 1)
    apart = np.outer(joint.sum(axis=1), joint.sum(axis=0))
    there = joint > 0
    return float((joint[there] * np.log(joint[there] / apart[there])).sum())


def _frequencies(states: NDArray[np.int64], status: NDArray[np.int64]) -> Floats:
    """(3, 3), each row the frequencies of the statuses, one added to each count."""
    counts = np.ones((3, 3))
    np.add.at(counts, (states, status), 1.0)
    return counts / counts.sum(axis=1, keepdims=True)
