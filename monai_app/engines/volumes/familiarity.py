"""Fitting what a model's volumes look like, as a step of its evaluation: features of train, limits from tuning."""

from __future__ import annotations

import logging

import numpy as np

from monai_app.core.errors import InputRejected
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.engines.volumes.evaluator import SegmentedCase, VolumeEvaluator
from monai_app.inference.ood import FEWEST, Familiarity, confidence
from monai_app.metrics.mahalanobis import Floats

logger = logging.getLogger(__name__)


def fit_familiarity(
    model_dir: str, train: VolumeEvaluator, tuning: VolumeEvaluator, *, at: float | None = 0.99
) -> Familiarity | None:
    """What is stored for the weights in a model folder, or else fitted and stored there.

    Args:
        train: evaluator of the train split that watches the feature layer.
        tuning: likewise.
        at: share of familiar volumes that each limit lets pass; None fits and reads nothing.
    """
    if at is None:
        return None
    try:
        stored = Familiarity.read(model_dir)
    except InputRejected as error:
        if error.code != "FAMILIARITY_MISFIT":
            raise
        stored = None
    if stored is not None and stored.at == at:
        return stored
    features, _ = _seen(train)
    tuned, sure = _seen(tuning)
    fitted = Familiarity.fit(features, tuned, sure, at=at, weights=f"{model_dir}/{WEIGHTS_NAME}")
    if fitted is None:
        logger.warning("fewer than %d volumes of train or tuning: no volume is called unfamiliar", FEWEST)
        return None
    fitted.write(model_dir)
    return fitted


def _seen(evaluator: VolumeEvaluator) -> tuple[Floats, Floats]:
    """Features (N, F) and confidences (N,) of a split."""
    features: list[Floats] = []
    sure: list[float] = []

    def use(case: SegmentedCase) -> None:
        assert case.features is not None, "the evaluator watches a layer"
        features.append(case.features)
        sure.append(confidence(case.probabilities))

    evaluator.for_each(use)
    return np.stack(features), np.array(sure)
