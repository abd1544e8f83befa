"""Fitting what a segmentation bundle's volumes look like to lean inference: what `segment` and `deploy` judge by.

An evaluation sees volumes otherwise (whole windows, flips), so its own record would call every volume unfamiliar here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from monai_app.cohort.datalist import read_datalist
from monai_app.core.errors import InputRejected
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.engines.volumes.lean import LeanBundle
from monai_app.inference.model import Options
from monai_app.inference.ood import FEWEST, LEAN_FILE_NAME, Familiarity
from monai_app.inference.run import look
from monai_app.inference.source import read_sources
from monai_app.metrics.mahalanobis import Floats

Told = Callable[[int, int], None]


def fit_lean_familiarity(
    opened: LeanBundle,
    datalist: str | Path,
    model_dir: Path,
    *,
    at: float = 0.99,
    options: Options | None = None,
    told: Told = lambda _done, _all: None,
) -> dict[str, Any]:
    """Fit on the training split, choose limits on validation, store beside the weights, and count on test.

    Args:
        at: share of familiar volumes that each limit lets pass.
        options: of the inference that will be judged; None takes the lean defaults.
        told: volumes done, of how many.

    Returns:
        Volumes of each split, both limits, and how many test volumes are called unfamiliar.

    Raises:
        InputRejected: ``FAMILIARITY_UNWATCHED``, ``TOO_FEW_VOLUMES``; as :func:`read_datalist` and the readers.
    """
    if opened.feature_layer is None:
        raise InputRejected(
            "FAMILIARITY_UNWATCHED", "the bundle names no layer to watch", expected="feature_layer in its common.yaml"
        )
    records = {split: list(read_datalist(datalist, split)) for split in ("train", "tuning", "held_out")}
    total, done = sum(map(len, records.values())), 0
    seen: dict[str, tuple[Floats, Floats]] = {}
    for split, rows in records.items():
        features, sure = [], []
        for row in rows:
            one, confidence = look(
                read_sources(_paths(row["image"]), sequences=opened.model.sequences),
                opened.model,
                options or Options(),
                feature_layer=opened.feature_layer,
            )
            features.append(one)
            sure.append(confidence)
            done += 1
            told(done, total)
        seen[split] = np.array(features), np.array(sure)
    fitted = Familiarity.fit(seen["train"][0], *seen["tuning"], at=at, weights=model_dir / WEIGHTS_NAME)
    if fitted is None:
        raise InputRejected(
            "TOO_FEW_VOLUMES",
            "there are too few volumes to say what is familiar",
            got=f"{len(records['train'])} of train and {len(records['tuning'])} of tuning",
            expected=f"{FEWEST} of each",
        )
    fitted.write(model_dir, file_name=LEAN_FILE_NAME)
    flagged = [fitted.judge(one, sure).unfamiliar for one, sure in zip(*seen["held_out"], strict=True)]
    return {
        "volumes": {split: len(rows) for split, rows in records.items()},
        "distance_limit": fitted.distance_limit,
        "confidence_limit": fitted.confidence_limit,
        "test_unfamiliar": sum(flagged),
    }


def _paths(image: str | Sequence[str]) -> list[str]:
    return [image] if isinstance(image, str) else list(image)
