"""The planted shortcut on the films of a cohort, prepared as the benchmark's model prepares them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from monai_app.benchmark.attribution_marker import HONEST, PLANTED, Films, film_model, marker_rows
from monai_app.benchmark.attribution_models import HeldOutModel, ModelPlace, open_model
from monai_app.core.errors import InputRejected
from monai_app.explain.target import Target, find_target

TRAIN_FILMS, HELD_OUT_FILMS, EPOCHS = 400, 20, 8


def run_marker(
    bundle: str,
    cohort_dir: str | Path,
    place: ModelPlace,
    label: str,
    settings: Mapping[str, Any],
    *,
    films: tuple[int, int] = (TRAIN_FILMS, HELD_OUT_FILMS),
    epochs: int = EPOCHS,
    resamples: int = 1000,
) -> list[dict[str, Any]]:
    """Train a film model with the shortcut and one without, and look for it in the maps of both.

    Args:
        place: a model whose preprocessing makes the films.
        label: of the cohort.
        films: of the train split, and held-out ones.
        epochs: of either training.

    Raises:
        InputRejected: ``LABEL_UNKNOWN``, ``NO_FILMS``; those of the bundle.
    """
    train, held_out = (open_model(bundle, cohort_dir, place, settings, split=split) for split in ("train", "held_out"))
    target = find_target(train.spec, label)
    known = _films(train, target, films[0])
    networks = {name: film_model(known, shortcut=name == PLANTED, epochs=epochs) for name in (PLANTED, HONEST)}
    return marker_rows(networks, _films(held_out, target, films[1]), known.pixels.mean(axis=0), resamples=resamples)


def _films(model: HeldOutModel, target: Target, count: int) -> Films:
    rows = [row for row, item in enumerate(model.items) if item.get("film_present")][:count]
    if not rows:
        raise InputRejected("NO_FILMS", "the split has no films", expected="a cohort with films")
    pixels = np.stack([model.inputs([row])["film"][0, 0].cpu().numpy() for row in rows])
    label = [np.ravel(model.items[row][f"label_{target.task.name}"])[target.index] == 1 for row in rows]
    return Films(pixels, np.array(label), np.array([int(model.items[row]["subject_id"]) for row in rows]))
