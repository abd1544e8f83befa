"""Where a phantom label's information is, as an attribution should find it: modality, channel, field, word, region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.explain.target import Target, find_target, known_targets
from monai_app.phantom.rendering import FIELDS, FINDINGS, channels_of, known_words, words, words_of

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

INFORMATION = "information.json"
LEAST_FILM_SHARE = 0.5
"""A finding is where to point if it carries this part of what the label's strongest finding carries."""

MUCH_ON_FILM = 1 / 3
"""Share of a label's log odds from which on it counts as one that films are taken for."""


@dataclass(frozen=True)
class LabelTruth:
    """One label.

    Attributes:
        target: the label as the model has it.
        shares: part of the label's log odds by modality; 0 for a modality that tells nothing.
        latents: the same by latent.
        best: AUROC by modality of the best prediction from it alone.
    """

    target: Target
    shares: Mapping[str, float]
    latents: Mapping[str, float]
    best: Mapping[str, float]

    @property
    def name(self) -> str:
        """The label without its task."""
        return self.target.name.rpartition("/")[2]

    @property
    def is_on_film(self) -> bool:
        """Whether the film carries a good part of the label."""
        return self.shares.get("film", 0.0) >= MUCH_ON_FILM

    @property
    def region(self) -> str | None:
        """The mask regions to point at, joined by ``+``; None where the film tells nothing."""
        seen = {name: share for name, share in self.latents.items() if name in FINDINGS}
        most = max(seen.values(), default=0.0)
        kept = [FINDINGS[name] for name, share in seen.items() if share >= LEAST_FILM_SHARE * most]
        return "+".join(kept) or None

    def channels(self, spec: ModelSpec) -> Bools:
        """Which channels (C,) of the series carry something of the label."""
        assert spec.modalities.series is not None, "the model reads series"
        telling = {code for latent in self.latents for code in channels_of(latent)}
        return np.array([bool(telling & set(channel.codes)) for channel in spec.modalities.series.channels])

    def fields(self, spec: ModelSpec) -> Bools:
        """Which fields of the table carry something of the label."""
        assert spec.modalities.table is not None, "the model reads tables"
        telling = {code for latent in self.latents for code in FIELDS.get(latent, ())}
        return np.array([bool(telling & set(field.codes)) for field in spec.modalities.table.fields])

    def telling_word(self, text: str) -> bool | None:
        """Whether a stretch of a note tells of the label's symptom; None for slips, which nobody can judge."""
        parts = words(text)
        if not parts or not set(parts) <= known_words():
            return None
        return any(part in words_of(latent) for latent in self.latents for part in parts)


def label_truths(cohort_dir: str | Path, spec: ModelSpec) -> list[LabelTruth]:
    """The labels of a model whose information the cohort knows.

    Raises:
        InputRejected: ``NO_TRUTH`` for a cohort without an information table, or without a label of the model.
    """
    place = Path(cohort_dir) / INFORMATION
    known: dict[str, Any] = read_json(place) if place.is_file() else {"labels": {}, "latents": {}}
    names = {name.rpartition("/")[2] for name in known_targets(spec)}
    found = [_truth(find_target(spec, label), known, label) for label in known["labels"] if label in names]
    if not found:
        raise InputRejected(
            "NO_TRUTH",
            "nobody knows where the information of this cohort's labels is",
            got=f"{len(known['labels'])} labels in the information table",
            expected=f"{INFORMATION} beside the cohort, as `monai-app cohort phantom` writes it",
            remedy="Use a simulated cohort.",
        )
    return found


def _truth(target: Target, known: Mapping[str, Any], label: str) -> LabelTruth:
    entry = known["labels"][label]
    shares = {name: float(value["share"]) for name, value in entry["modalities"].items()}
    best = {name: float(value["auroc"]) for name, value in entry["modalities"].items()}
    latents = {name: float(share) for name, share in entry["shares"].items() if share > 0}
    return LabelTruth(target, shares, latents, best)


def share_table(truths: list[LabelTruth], modalities: tuple[str, ...]) -> Floats:
    """Shares (L, M) of the labels by modality."""
    return np.array([[truth.shares.get(name, 0.0) for name in modalities] for truth in truths])


def best_table(truths: list[LabelTruth], modalities: tuple[str, ...]) -> Floats:
    """Best AUROC (L, M) from each modality alone."""
    return np.array([[truth.best.get(name, 0.5) for name in modalities] for truth in truths])
