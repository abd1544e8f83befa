"""One row a volume and structure: agreement with the truth, volumes, uncertainty; every reported number is from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.engines.volumes.evaluator import SegmentedCase, VolumeEvaluator
from monai_app.inference.measurements import augmented_draws, measure, summarise_draws, volumes_ml
from monai_app.inference.ood import Familiarity, Verdict, confidence
from monai_app.metrics.segmentation import agreement

SCHEMA = {
    "case": pl.String,
    "structure": pl.String,
    "dice": pl.Float64,
    "assd_mm": pl.Float64,
    "hd95_mm": pl.Float64,
    "volume_ml": pl.Float64,
    "reference_ml": pl.Float64,
    "volume_sd_ml": pl.Float64,
    "entropy": pl.Float64,
    "confidence": pl.Float64,
    "distance": pl.Float64,
    "unfamiliar": pl.Boolean,
}


@dataclass(frozen=True)
class Draws:
    """How uncertainty is asked for: augmented copies of a volume, and the flips that they may be mirrored by."""

    number: int = 0
    flips: Sequence[Sequence[int]] = ((),)
    seed: int = 0


def case_table(
    evaluator: VolumeEvaluator,
    spec: SegmentationSpec,
    loading: Callable[[dict[str, Any]], Mapping[Any, Any]],
    *,
    draws: Draws,
    familiarity: Familiarity | None = None,
) -> pl.DataFrame:
    """Segment every volume of the evaluator's split and compare it with its label map, on the grid of the file.

    Args:
        loading: reads ``label`` of an item as it lies in the file.
        familiarity: judges every volume; needs an evaluator that watches the feature layer.
    """
    rows: list[dict[str, Any]] = []

    def use(case: SegmentedCase) -> None:
        rows.extend(_rows(case, evaluator, spec, loading, draws, verdict_of(case, familiarity)))

    evaluator.for_each(use)
    return pl.DataFrame(rows, schema=SCHEMA)


def verdict_of(case: SegmentedCase, familiarity: Familiarity | None) -> Verdict | None:
    """Whether a volume looks familiar; None where nothing was fitted."""
    if familiarity is None or case.features is None:
        return None
    return familiarity.judge(case.features, confidence(case.probabilities))


def measured_case(
    case: SegmentedCase, evaluator: VolumeEvaluator, spec: SegmentationSpec, draws: Draws, labels: Any
) -> list[dict[str, Any]]:
    """Measurements of one volume's structures, with the spread of the draws where there are any."""
    summary = None
    if draws.number:
        device = next(evaluator.network.parameters()).device
        copies = augmented_draws(
            lambda image: evaluator.predict_plainly(image.to(device)).cpu(),
            case.image,
            draws=draws.number,
            seed=draws.seed,
            flips=draws.flips,
        )
        summary = summarise_draws(copies, case.probabilities.argmax(0), case.network_affine)
    return [found.as_dict() for found in measure(labels, case.affine, spec.structures, summary)]


def _rows(
    case: SegmentedCase,
    evaluator: VolumeEvaluator,
    spec: SegmentationSpec,
    loading: Callable[[dict[str, Any]], Mapping[Any, Any]],
    draws: Draws,
    verdict: Verdict | None,
) -> list[dict[str, Any]]:
    labels = case.labels()
    truth = loading({"label": case.item["label"]})["label"][0].as_tensor()
    spacing = np.linalg.norm(case.affine.numpy()[:3, :3], axis=0)
    found = agreement(labels, truth, len(spec.structures), spacing.tolist())
    reference = volumes_ml(truth, case.affine, len(spec.structures))
    measured = measured_case(case, evaluator, spec, draws, labels)
    about = {
        "case": case.item["patient"],
        "confidence": confidence(case.probabilities),
        "distance": None if verdict is None else verdict.distance,
        "unfamiliar": None if verdict is None else verdict.unfamiliar,
    }
    return [
        {**about, **vars(one), **measurement, "reference_ml": float(ml)}
        for one, measurement, ml in zip(found, measured, reference, strict=True)
    ]
