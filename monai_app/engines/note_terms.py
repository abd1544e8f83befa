"""Terms of notes as numbers: TF-IDF of words, word pairs and phrases, and which frequent phrases a note holds.

A phrase is what stands between semicolons or line ends, numbers included, such as a click path of an electronic chart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfVectorizer

from monai_app.engines.projection import Floats

MAX_TERMS = 5000
"""Most frequent terms that are kept."""
MIN_NOTES, MIN_NOTES_PHRASE = 3, 8
"""Train notes that hold a term, and a phrase that is to be an indicator, at least; fewer than 60 notes: one in 20."""

_WORD = re.compile(r"(?u)\b[a-z][a-z\-]+\b")
_PHRASE_END = re.compile(r"[;\n]")


def terms(note: str) -> list[str]:
    """Phrases (marked by a leading semicolon), words and word pairs of a note, with repetitions."""
    lowered = note.lower()
    words = _WORD.findall(lowered)
    phrases = [f"; {phrase.strip()}" for phrase in _PHRASE_END.split(lowered) if phrase.strip()]
    return [*phrases, *words, *(f"{first} {second}" for first, second in pairwise(words))]


class NoteTerms:
    """A fitted vocabulary.

    Args:
        vocabulary: term -> column.
        idf: inverse document frequency (V,).
        phrases: columns of the phrases that are indicators.
    """

    def __init__(self, vocabulary: dict[str, int], idf: Floats, phrases: Sequence[int]) -> None:
        self.vocabulary, self.idf, self.phrases = vocabulary, idf, list(phrases)
        self._vectorizer = TfidfVectorizer(analyzer=terms, sublinear_tf=True, vocabulary=vocabulary)
        self._vectorizer.idf_ = idf

    @classmethod
    def fit(cls, notes: Sequence[str]) -> NoteTerms | None:
        """Fit on notes of the train split; None when no term is in enough of them."""
        fewest = {least: max(1, min(least, len(notes) // 20)) for least in (MIN_NOTES, MIN_NOTES_PHRASE)}
        vectorizer = TfidfVectorizer(
            analyzer=terms, sublinear_tf=True, min_df=fewest[MIN_NOTES], max_features=MAX_TERMS
        )
        try:
            held = np.asarray((vectorizer.fit_transform(notes) > 0).sum(axis=0)).ravel()
        except ValueError:
            return None
        vocabulary = {str(term): int(column) for term, column in sorted(vectorizer.vocabulary_.items())}
        phrases = [
            column
            for term, column in vocabulary.items()
            if term.startswith("; ") and fewest[MIN_NOTES_PHRASE] <= held[column] < len(notes)
        ]
        return cls(vocabulary, np.asarray(vectorizer.idf_, dtype=np.float64), phrases)

    def __call__(self, notes: Sequence[str]) -> csr_matrix:
        """TF-IDF (N, V), rows of unit length; a note without a known term is zero."""
        return self._vectorizer.transform(notes)

    def indicators(self, notes: Sequence[str]) -> Floats:
        """Which phrases each note holds (N, P): 0 or 1."""
        return (self(notes)[:, self.phrases] > 0).toarray().astype(np.float64)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"vocabulary": self.vocabulary, "idf": [float(value) for value in self.idf], "phrases": self.phrases}

    @classmethod
    def from_dict(cls, record: dict[str, Any]) -> NoteTerms:
        """What :meth:`as_dict` gave."""
        return cls(record["vocabulary"], np.array(record["idf"]), record["phrases"])
