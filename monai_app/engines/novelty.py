"""Novelty as a step of evaluation: samples unlike the training data are flagged and get no confident label.

Per modality two Mahalanobis distances, each with a threshold from tuning: of the encoder's pooled tokens (Lee et al.,
NeurIPS 2018) and of fixed input statistics. Either one flags, each at the quantile 1 - (1 - at) / 2, so that together
they flag at most about 1 - ``at`` of familiar inputs. Stored as novelty.json and novelty.safetensors with the weights.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from monai_app.core.atomic import sha256_file
from monai_app.core.errors import AppError, InputRejected
from monai_app.core.loading import load_weights, save_weights
from monai_app.core.records import Record
from monai_app.engines.fitted_record import FittedRecord, model_files
from monai_app.engines.input_statistics import note_statistics, token_counts
from monai_app.engines.observation import Observer, Sight, Sights
from monai_app.engines.predictions import Predictions, TaskPredictions
from monai_app.generate.privacy.statement import refuse_for_private
from monai_app.metrics.mahalanobis import Floats, Gaussian

logger = logging.getLogger(__name__)
TENSORS_NAME = "novelty.safetensors"
FEWEST = 20
"""Samples of train and of tuning that have a modality, below which it is not watched."""
_FILM, _NOTE = "film", "note"
_COUNTS = "note.counts"
Tensors = Mapping[str, torch.Tensor]


class WatchState(StrEnum):
    """Whether a modality is watched."""

    FITTED = "fitted"
    TOO_FEW = f"fewer than {FEWEST} samples on train or on tuning: nothing is flagged"


class Watch(Record):
    """One modality: flagged beyond either distance.

    Attributes:
        train_samples: that the Gaussians were fitted on.
        tuning_samples: that the distances were chosen on.
        tokens: largest familiar distance of the encoder's tokens; None unless fitted.
        inputs: likewise of the input statistics.
        familiar_flagged: share of familiar inputs that is expected beyond either, at most.
        state: whether it was fitted.
    """

    train_samples: int
    tuning_samples: int
    tokens: float | None = None
    inputs: float | None = None
    familiar_flagged: float | None = None
    state: WatchState


class Novelty(FittedRecord):
    """What a trained model's modalities look like.

    Attributes:
        at: wanted share of familiar inputs that are not flagged, per modality.
        tensors: SHA-256 of the Gaussians in novelty.safetensors.
        modalities: by name.
    """

    file_name: ClassVar[str] = "novelty.json"
    format: Literal["monai-app-novelty-1"] = "monai-app-novelty-1"
    at: float
    tensors: str
    modalities: dict[str, Watch]

    def flags(self, sights: Sights, tensors: Tensors) -> NDArray[np.bool_]:
        """Which modalities of N samples look unlike the training data, (N, M); an absent one never does.

        Raises:
            InputRejected: ``NOVELTY_MISFIT`` for a modality that it was not fitted for.
        """
        return np.stack([self._flags(name, sight, tensors) for name, sight in sights.items()], axis=1)

    def _flags(self, name: str, sight: Sight, tensors: Tensors) -> NDArray[np.bool_]:
        if name not in self.modalities:
            raise InputRejected(
                "NOVELTY_MISFIT", "novelty was not fitted for a modality", got=name, expected=list(self.modalities)
            )
        watch, flags = self.modalities[name], np.zeros(len(sight.present), dtype=bool)
        if watch.tokens is not None and watch.inputs is not None and sight.present.any():
            tokens, inputs = _distances(name, sight, tensors)
            flags[sight.present] = (tokens > watch.tokens) | (inputs > watch.inputs)
        return flags

    def summary(self, names: Sequence[str], flags: NDArray[np.bool_]) -> dict[str, Any]:
        """What metrics.json says.

        Args:
            names: the M modalities.
            flags: (N, M) of the evaluated samples.
        """
        modalities = {
            name: {**self.modalities[name].model_dump(mode="json"), "flagged": int(flags[:, i].sum())}
            for i, name in enumerate(names)
        }
        return {"at": self.at, "samples_flagged": int(flags.any(axis=1).sum()), "modalities": modalities}


def check_at(at: float | None, observer: Observer | None) -> None:
    """Refuse a quantile that is none, and a model without encoders.

    Raises:
        InputRejected: ``NOVELTY_INVALID``, ``NOVELTY_NEEDS_NETWORK``.
    """
    if at is None:
        return
    if not 0 < at < 1:
        raise InputRejected("NOVELTY_INVALID", "novelty is a quantile", got=at, expected="null, or between 0 and 1")
    if observer is None:
        raise InputRejected(
            "NOVELTY_NEEDS_NETWORK",
            "this system has no encoders whose features could tell unfamiliar inputs",
            got="boosted trees alone",
            expected="a fusion system with a network",
            remedy="Set novelty=null, or use another fusion system; the ensemble of network and trees has encoders.",
        )


def fit_novelty(
    train: Sights, tuning: Sights, at: float, files: Mapping[str, str]
) -> tuple[Novelty, dict[str, torch.Tensor]]:
    """Fit the Gaussians on train and choose the distances on tuning.

    Args:
        files: SHA-256 of the model's files.

    Returns:
        The record, its ``tensors`` still empty, and the tensors.
    """
    watches, tensors = {}, {}
    for name, sight in train.items():
        samples = {"train_samples": len(sight.tokens), "tuning_samples": len(tuning[name].tokens)}
        if min(samples.values()) < FEWEST:
            logger.warning("%s is not watched: %d train, %d tuning samples", name, *samples.values())
            watches[name] = Watch(**samples, state=WatchState.TOO_FEW)
            continue
        if name == _NOTE:
            tensors[_COUNTS] = token_counts(torch.from_numpy(sight.inputs))
        tensors |= Gaussian.fit(sight.tokens, one_unit=True).tensors(f"{name}.tokens")
        inputs = Gaussian.fit(_inputs(name, sight, tensors), one_unit=name == _FILM)
        tensors |= inputs.tensors(f"{name}.inputs")
        rank = _rank(samples["tuning_samples"], at)
        largest = [float(np.sort(each)[rank - 1]) for each in _distances(name, tuning[name], tensors)]
        share = 2 * (1 - rank / (samples["tuning_samples"] + 1))
        watches[name] = Watch(
            **samples, tokens=largest[0], inputs=largest[1], familiar_flagged=share, state=WatchState.FITTED
        )
    return Novelty(model_files=dict(files), at=at, tensors="", modalities=watches), tensors


def novelty_of(
    observer: Observer | None, folder: str | Path, at: float | None, *, may_fit: bool, refit: bool = False
) -> Novelty | None:
    """The novelty record of a model folder: the stored one, or else one fitted on train and tuning and stored now.

    Args:
        observer: of the model; None for trees.
        at: None for none.
        may_fit: whether the cohort's train and tuning samples are those of the model.
        refit: whether to fit anew where a record is stored.

    Raises:
        InputRejected: ``NOVELTY_INVALID``, ``NOVELTY_NEEDS_NETWORK``; ``TUNING_MISSING`` when it must be fitted and
            may not; ``DP_UNNOISED`` for a private model; as :func:`monai_app.engines.build.model_items`.
    """
    check_at(at, observer)
    if at is None or observer is None:
        return None
    found = Novelty.stored(folder)
    if found is not None and found.at == at and not refit:
        return found
    if not may_fit:
        raise InputRejected(
            "TUNING_MISSING",
            "there are no tuning predictions, so that this cohort is not the model's own",
            got=f"novelty {at}",
            expected="tuning predictions, or a record stored with these weights",
            remedy="Evaluate in the folder of the training, or set novelty=null.",
        )
    refuse_for_private(folder, "novelty", "Set novelty=null.")
    fitted, tensors = fit_novelty(observer.split("train"), observer.split("tuning"), at, model_files(folder))
    digest = save_weights(Path(folder) / TENSORS_NAME, tensors)
    fitted = fitted.model_copy(update={"tensors": digest})
    fitted.write(folder)
    return fitted


def stored_novelty(observer: Observer | None, folder: str | Path, at: float | None) -> Novelty | None:
    """The stored record, for inference.

    Raises:
        InputRejected: ``NOVELTY_INVALID``, ``NOVELTY_NEEDS_NETWORK``; ``NOVELTY_MISSING`` where none was stored for
            these weights at this quantile.
    """
    check_at(at, observer)
    if at is None:
        return None
    found = Novelty.stored(folder)
    if found is None or found.at != at:
        raise InputRejected(
            "NOVELTY_MISSING",
            "the model folder has no such novelty record for these weights",
            got="none" if found is None else found.at,
            expected=at,
            remedy=f"Run evaluate with novelty={at} first, or set novelty=null.",
        )
    return found


def with_novelty(predictions: Predictions, novelty: Novelty, observer: Observer, folder: str | Path) -> Predictions:
    """The same predictions with flags, every decision of a flagged sample abstained from.

    Raises:
        InputRejected: ``HASH_MISSING``, ``HASH_MISMATCH``, ``NOVELTY_MISFIT``.
        AppError: ``SAMPLES_DIFFER`` when the observer sees other samples.
    """
    path = Path(folder) / TENSORS_NAME
    tensors = load_weights(path)
    if sha256_file(path) != novelty.tensors:
        raise InputRejected(
            "HASH_MISMATCH",
            "novelty.safetensors does not belong to novelty.json",
            expected=novelty.tensors[:12],
            remedy="Run evaluate with posthoc_refit=true.",
        )
    sights = observer.samples()
    present = np.stack([sights[name].present for name in predictions.modalities], axis=1)
    if not np.array_equal(present, predictions.present):
        raise AppError("SAMPLES_DIFFER", "observed and predicted samples", got=present.shape)
    return flagged(predictions, novelty.flags({name: sights[name] for name in predictions.modalities}, tensors))


def flagged(predictions: Predictions, flags: NDArray[np.bool_]) -> Predictions:
    """The same predictions with flags (N, M), every decision of a flagged sample abstained from."""
    silent = np.asarray(flags.any(axis=1))
    tasks = {name: _silenced(task, silent) for name, task in predictions.tasks.items()}
    return replace(predictions, tasks=tasks, out_of_distribution=flags)


def _silenced(task: TaskPredictions, silent: NDArray[np.bool_]) -> TaskPredictions:
    before = np.zeros(task.label.shape, dtype=bool) if task.abstained is None else task.abstained
    return replace(task, abstained=before | silent[:, None])


def _inputs(name: str, sight: Sight, tensors: Tensors) -> Floats:
    if name != _NOTE:
        return sight.inputs
    return np.asarray(note_statistics(torch.from_numpy(sight.inputs), tensors[_COUNTS]).numpy())


def _distances(name: str, sight: Sight, tensors: Tensors) -> tuple[Floats, Floats]:
    """Of the tokens and of the input statistics, (n,) each."""
    tokens, inputs = (Gaussian.from_tensors(tensors, f"{name}.{kind}") for kind in ("tokens", "inputs"))
    return tokens.distance(sight.tokens), inputs.distance(_inputs(name, sight, tensors))


def _rank(samples: int, at: float) -> int:
    """Which of the sorted tuning distances is the largest familiar one, from 1.

    Split conformal prediction: a further familiar sample lies beyond it with probability 1 - rank / (samples + 1).
    """
    return min(samples, math.ceil((samples + 1) * (1 - (1 - at) / 2)))
