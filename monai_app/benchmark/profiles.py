"""Profiles of the benchmark: how large networks and trainings are, the same for every system."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Profile(StrEnum):
    """``small`` ends within an hour on two cores for a small cohort; ``full`` trains trunks and wants a GPU."""

    SMALL = "small"
    FULL = "full"


NETWORK: Mapping[Profile, Mapping[str, Any]] = {
    Profile.SMALL: {
        "film_size_px": 64,
        "encoders::film": "statistics",
        "encoders::series": "statistics",
        "note_encoder": "bag",
        "width": 64,
    },
    Profile.FULL: {},
}
"""Settings that evaluation needs too. Small: fixed statistics of films and grids, which only an MLP learns from."""

TRAINING: Mapping[Profile, Mapping[str, Any]] = {
    Profile.SMALL: {
        "precision": "fp32",
        "batch_size": 32,
        "max_epochs": 30,
        "patience": 6,
        "average_decay": 0.97,
        "modality_dropout": 0.2,
    },
    Profile.FULL: {"max_epochs": 60, "modality_dropout": 0.2},
}
"""Settings of the training, of networks only."""

TREES: Mapping[Profile, Mapping[str, Any]] = {
    Profile.SMALL: {
        "trees_trainer::seeds": 1,
        "trees_trainer::learning_rate": 0.05,
        "trees_trainer::patience": 60,
        "trees_trainer::threads": 1,
    },
    Profile.FULL: {},
}
"""Settings of boosted trees. Small: one model a seed of the benchmark, grown in larger steps."""

SEVERITIES: Mapping[Profile, tuple[int, ...]] = {Profile.SMALL: (1, 3, 5), Profile.FULL: (1, 2, 3, 4, 5)}
"""Severities that every fault is judged at."""
