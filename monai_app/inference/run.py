"""From a volume that was read to everything that is known of it: labels, volumes, certainty, familiarity, agreement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from monai_app.core.errors import InputRejected
from monai_app.inference.agreement import agreement
from monai_app.inference.certainty import Certainty
from monai_app.inference.measurements import StructureMeasurement, altered, voxel_ml
from monai_app.inference.model import EXACT, Backend, Options, SegmentationModel
from monai_app.inference.ood import Familiarity, watched
from monai_app.inference.outputs import Result
from monai_app.inference.segment import Progress, Segmentation, segment_volume
from monai_app.inference.source import Source
from monai_app.inference.stages import Stages
from monai_app.metrics.mahalanobis import Floats


def segment_source(
    source: Source,
    model: SegmentationModel,
    options: Options,
    *,
    familiarity: Familiarity | None = None,
    feature_layer: str | None = None,
    compare: bool = False,
    draws: int = 0,
    seed: int = 0,
    progress: Progress | None = None,
    stages: Stages | None = None,
) -> Result:
    """Segment a volume and measure what was found.

    Args:
        familiarity: fitted with the weights; without it nothing is said about unfamiliar volumes.
        feature_layer: of the network, whose features it judges.
        draws: copies with noise and another gamma that are segmented too, for the spread of each volume.
        seed: of the copies.
        compare: run exactly too (:data:`~monai_app.inference.model.EXACT`) and report the agreement.

    Raises:
        InputRejected: ``MODALITY_MISMATCH``, ``SEQUENCES_MISMATCH``; as :func:`segment_volume`.
    """
    refuse_other_modality(source, model)
    refuse_other_sequences(source, model)
    watch, certainty = stages or Stages(), Certainty(len(model.classes))
    judged = familiarity if feature_layer is not None and options.backend is Backend.TORCH else None
    with nullcontext() if judged is None else watched(model.network, feature_layer or "") as pool:
        done = segment_volume(
            source.volume,
            model,
            options,
            others=source.others,
            progress=progress,
            observers=[certainty],
            stages=watch,
        )
        remarks: dict[str, Any] = {"confidence": round(certainty.confidence, 4)}
        if judged is not None and pool is not None and done.windows:
            remarks["familiarity"] = vars(judged.judge(pool.features(), certainty.confidence))
    if compare:
        with watch("compare"):
            exact = segment_volume(
                source.volume, model, EXACT, others=source.others, progress=progress, stages=Stages()
            )
            remarks["agreement"] = agreement(done.labels, exact.labels, model.classes)
    spread = None
    if draws:
        with watch("draws"):
            spread = volume_spread_ml(source, model, options, draws=draws, seed=seed, progress=progress)
        remarks["draws"] = draws
    rows = [row.as_dict() for row in measurements(done, model, certainty, spread)]
    return Result(source.volume, done, rows, model, options, source.identity, remarks)


def look(source: Source, model: SegmentationModel, options: Options, *, feature_layer: str) -> tuple[Floats, float]:
    """Pooled features (F,) and confidence of a volume as lean inference sees it: what its familiarity is fitted on.

    Raises:
        InputRejected: as :func:`segment_volume`.
    """
    certainty = Certainty(len(model.classes))
    with watched(model.network, feature_layer) as pool:
        segment_volume(source.volume, model, options, others=source.others, observers=[certainty], stages=Stages())
        return pool.features(), certainty.confidence


def refuse_other_modality(source: Source, model: SegmentationModel) -> None:
    """Refuse a DICOM series of another modality than the network's; NIfTI and NRRD do not say what they hold.

    Raises:
        InputRejected: ``MODALITY_MISMATCH``.
    """
    for volume in (source.volume, *source.others):
        told = volume.provenance.get("modality", model.modality)
        if told != model.modality:
            raise InputRejected(
                "MODALITY_MISMATCH",
                "the series is of another modality than the network's",
                got=told,
                expected=model.modality,
                remedy="Choose the series, or a bundle for it.",
            )


def refuse_other_sequences(source: Source, model: SegmentationModel) -> None:
    """Refuse another number of sequences than the network's channels.

    Raises:
        InputRejected: ``SEQUENCES_MISMATCH``.
    """
    if 1 + len(source.others) != len(model.sequences):
        raise InputRejected(
            "SEQUENCES_MISMATCH",
            "the network takes another number of sequences",
            got=1 + len(source.others),
            expected=f"{len(model.sequences)}: {', '.join(model.sequences)}",
            remedy="Give one input a sequence in this order, or a folder and rules with one role a sequence.",
        )


def volume_spread_ml(
    source: Source,
    model: SegmentationModel,
    options: Options,
    *,
    draws: int,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[float]:
    """Standard deviation in mL of every structure's volume over altered copies (test-time augmentation).

    Args:
        draws: two or more.

    Raises:
        InputRejected: ``DRAWS_INVALID``; as :func:`segment_volume`.
    """
    if draws < 2:
        raise InputRejected("DRAWS_INVALID", "one copy has no spread", got=draws, expected="2 or more, or 0 for none")
    found = []
    for number in range(draws):
        copy = replace(model, normalise=_altered_after(model.normalise, seed, number))
        done = segment_volume(source.volume, copy, options, others=source.others, progress=progress, stages=Stages())
        found.append([count * voxel_ml(done.affine_ras) for count in done.counts[1:]])
    spread: list[float] = np.std(found, axis=0, ddof=1).tolist()
    return spread


def _altered_after(normalise: Callable[[Tensor], Tensor], seed: int, number: int) -> Callable[[Tensor], Tensor]:
    """Intensities as the network wants them, then a copy's noise and gamma."""

    def prepare(image: Tensor) -> Tensor:
        return altered(torch.as_tensor(normalise(image)).as_subclass(Tensor).float(), seed=seed, number=number)

    return prepare


def measurements(
    done: Segmentation, model: SegmentationModel, certainty: Certainty, spread_ml: Sequence[float] | None = None
) -> list[StructureMeasurement]:
    """Millilitres of every structure from the voxels counted while painting, and the network's entropy there.

    Args:
        spread_ml: standard deviation of every structure's volume.
    """
    spread: Sequence[float | None] = spread_ml or [None] * len(certainty.entropy)
    return [
        StructureMeasurement(name, count * voxel_ml(done.affine_ras), sd, entropy)
        for name, count, sd, entropy in zip(model.classes[1:], done.counts[1:], spread, certainty.entropy, strict=True)
    ]
