"""Linear projections fitted on train and kept as plain tensors: PCA for films, latent semantic analysis for notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.decomposition import PCA, TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from monai_app.core.random import derive_seed

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """``(x - mean) @ components``.

    Attributes:
        mean: (F,).
        components: (F, d).
    """

    mean: Floats
    components: Floats

    @property
    def width(self) -> int:
        """Number of components d."""
        return int(self.components.shape[1])

    def __call__(self, features: Floats) -> Floats:
        """Features (N, F) as (N, d)."""
        return (features - self.mean) @ self.components

    @classmethod
    def principal(cls, features: Floats, width: int) -> Projection:
        """The first principal components of features (N, F), whitened, at most ``width`` and N - 1 of them."""
        kept = max(0, min(width, features.shape[0] - 1, features.shape[1]))
        if kept == 0:
            return cls(np.zeros(features.shape[1]), np.zeros((features.shape[1], 0)))
        fitted = PCA(kept, svd_solver="full", whiten=True).fit(features)
        scale = np.sqrt(np.maximum(fitted.explained_variance_, np.finfo(np.float64).tiny))
        return cls(np.asarray(fitted.mean_), np.asarray((fitted.components_ / scale[:, None]).T))

    def tensors(self, prefix: str) -> dict[str, torch.Tensor]:
        """For safetensors."""
        parts = {"mean": self.mean, "components": self.components}
        return {f"{prefix}.{name}": torch.from_numpy(np.ascontiguousarray(part)) for name, part in parts.items()}

    @classmethod
    def from_tensors(cls, tensors: dict[str, torch.Tensor], prefix: str) -> Projection:
        """What :meth:`tensors` gave."""
        return cls(tensors[f"{prefix}.mean"].numpy(), tensors[f"{prefix}.components"].numpy())


class NoteTopics:
    """TF-IDF of words and word pairs, projected on its leading singular vectors (Deerwester et al. 1990).

    Args:
        vocabulary: term -> column.
        idf: inverse document frequency (V,).
        projection: (V,) -> (d,).
    """

    def __init__(self, vocabulary: dict[str, int], idf: Floats, projection: Projection) -> None:
        self.vocabulary, self.idf, self.projection = vocabulary, idf, projection
        self._vectorizer = _vectorizer(vocabulary=vocabulary)
        self._vectorizer.idf_ = idf

    @classmethod
    def fit(cls, notes: Sequence[str], *, width: int = 32, max_terms: int = 5000) -> NoteTopics | None:
        """Fit on notes of the train split; None when they hold fewer than two distinct terms."""
        try:
            vectorizer = _vectorizer(max_features=max_terms, min_df=2 if len(notes) >= 20 else 1).fit(notes)
        except ValueError:
            return None
        terms = {str(term): int(column) for term, column in vectorizer.vocabulary_.items()}
        weights = vectorizer.transform(notes)
        kept = min(width, len(terms) - 1, len(notes) - 1)
        if kept < 1:
            return None
        fitted = TruncatedSVD(kept, random_state=derive_seed("note-topics") % 2**32).fit(weights)
        projection = Projection(np.zeros(len(terms)), np.asarray(fitted.components_.T, dtype=np.float64))
        return cls(terms, np.asarray(vectorizer.idf_, dtype=np.float64), projection)

    def __call__(self, notes: Sequence[str]) -> Floats:
        """Topics (N, d)."""
        return np.asarray(self._vectorizer.transform(notes) @ self.projection.components)

    def as_dict(self) -> dict[str, Any]:
        """Vocabulary and idf for JSON; the projection is kept with the tensors."""
        return {"vocabulary": self.vocabulary, "idf": [float(value) for value in self.idf]}


def _vectorizer(**options: Any) -> TfidfVectorizer:
    return TfidfVectorizer(
        lowercase=True, ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"(?u)\b[a-z][a-z\-]+\b", **options
    )
