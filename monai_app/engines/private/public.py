"""What a private training takes from elsewhere, by the user's word: weights, features; and what it does without.

Epsilon covers nothing but the training itself. Weights that have seen the train patients without noise, or a vocabulary
learned from their notes, would give them away however private the training is.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import nn

from monai_app.cohort.spec import Modality, ModelSpec
from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.engines.build import NOTE_ENCODERS_TRAINED_HERE, cohort_spec
from monai_app.engines.generation.build import perceptual_distance
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.engines.pretraining import with_pretrained
from monai_app.generate.privacy.statement import PrivacyStatement


def vouched(folder: str | None, *, public: bool, option: str, private: bool = False) -> str | None:
    """A model folder whose weights have seen no train patient; None stays None.

    Args:
        public: the user's word that they were trained on other people.
        option: the setting that gives this word.
        private: whether a training that was itself private needs no word; what it has spent adds up.

    Raises:
        InputRejected: ``DP_PRETRAINED``.
    """
    if folder is None or public or (private and PrivacyStatement.of(folder) is not None):
        return folder
    raise InputRejected(
        "DP_PRETRAINED",
        "weights to start from may have seen the train patients without noise",
        got="weights of another training",
        expected=f"{option}=true, where they come from other patients or from simulated ones",
        remedy=f"Set {option}=true only if no train patient was in that training; else do without these weights"
        + (", or train them privately." if private else "."),
    )


def public_start(network: nn.Module, folder: str | None, *, public: bool = False) -> nn.Module:
    """A network that starts from weights only where these have seen no train patient.

    Args:
        folder: model folder whose film encoder is taken; None keeps the random weights.

    Raises:
        InputRejected: ``DP_PRETRAINED``; as :func:`monai_app.engines.pretraining.with_pretrained`.
    """
    return with_pretrained(network, vouched(folder, public=public, option="public_pretraining"))


def public_features(weight: float, folder: str | None = None, *, public: bool = False) -> nn.Module | None:
    """The perceptual distance of a private training: its features see each patient, so they must know none.

    Args:
        weight: 0 needs none.
        folder: of the features; None takes the shipped ones.

    Raises:
        InputRejected: ``DP_PRETRAINED``.
    """
    if weight:
        vouched(folder or "shipped", public=public, option="public_features")
    return perceptual_distance(weight, folder)


def public_hashes(folders: Sequence[str | None]) -> tuple[str, ...]:
    """SHA-256 of the weights in folders that were taken by the user's word, those of private trainings left out."""
    return tuple(
        sha256_file(Path(folder) / WEIGHTS_NAME)
        for folder in folders
        if folder is not None and PrivacyStatement.of(folder) is None
    )


def unlearned_spec(
    cohort_dir: str | Path,
    tasks: Sequence[str] | None = None,
    modalities: Sequence[str] | None = None,
    *,
    film_size_px: int | None = None,
    note_encoder: str = "bag",
) -> ModelSpec:
    """As :func:`monai_app.engines.build.cohort_spec`, without notes where their vocabulary would be learned here.

    Raises:
        InputRejected: ``DP_UNNOISED`` where such notes are asked for by name.
    """
    spec = cohort_spec(cohort_dir, tasks, modalities, film_size_px=film_size_px)
    if note_encoder not in NOTE_ENCODERS_TRAINED_HERE or spec.modalities.note is None:
        return spec
    if modalities is not None:
        raise InputRejected(
            "DP_UNNOISED",
            "a vocabulary would be learned from the notes of the train patients without noise",
            got=f"{Modality.NOTE.value} among the modalities, note_encoder {note_encoder}",
            expected="no notes, or a pretrained text model with its own vocabulary",
            remedy="Leave note out of modalities, or set note_encoder=minilm.",
        )
    return spec.model_copy(update={"modalities": spec.modalities.model_copy(update={"note": None})})
