"""Are generated films copies of training films? Nearest neighbours, judged by real films that were not trained on.

A film counts as a copy where it lies as close to its nearest training film as only the closest ``at`` of real held-out
films do. One half of the held-out films sets that distance, the other half says how often it marks innocent ones.
Reference: Dar et al. 2024 (arXiv 2402.01054) found up to 42 % of training images memorised by medical latent diffusion.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, fisher_exact
from sklearn.metrics import pairwise_distances_argmin_min

from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]
Embedding = Callable[[NDArray[np.float32]], Floats]
"""Films (N, S, S) in [0, 1] -> (N, d)."""

FEWEST_HELD_OUT = 20
"""Held-out films below which no distance can be set."""

LEVEL = 0.05
"""Of the one-sided test that generated films are marked more often than held-out ones."""


def pixels(films: NDArray[np.float32], side: int = 32) -> Floats:
    """Films averaged to (N, side * side): the embedding without a model."""
    count, size = len(films), films.shape[1]
    cut = size // side * side
    blocks = films[:, :cut, :cut].reshape(count, side, cut // side, side, cut // side)
    return np.asarray(blocks.mean(axis=(2, 4)).reshape(count, -1), np.float64)


@dataclass(frozen=True)
class Rate:
    """A share with its exact 95 % interval (Clopper and Pearson 1934)."""

    marked: int
    of: int
    value: float
    low: float
    high: float

    @classmethod
    def exact(cls, marked: int, of: int) -> Rate:
        """Of a count."""
        interval = binomtest(marked, of).proportion_ci(0.95, method="exact")
        return cls(marked, of, marked / of, float(interval.low), float(interval.high))


@dataclass(frozen=True)
class CopyTest:
    """What the test found.

    Attributes:
        threshold: distance at or below which a film counts as a copy.
        generated: rate among generated films.
        held_out: rate among the held-out films that did not set the threshold.
        p_value: that generated films are marked no more often than held-out ones (Fisher, one-sided).
        closer_to_train: share of generated films closer to train than to held-out, both of one size; one half without
            memory.
        planted: copies of training films that were slipped in, exact ones.
        planted_found: of them, those marked.
        altered_found: of as many copies shifted by a pixel, a tenth brighter and with noise.
        distance: of each generated film to its nearest training film (N,).
        nearest: which one that is (N,).
    """

    threshold: float
    generated: Rate
    held_out: Rate
    p_value: float
    closer_to_train: Rate
    planted: int
    planted_found: int
    altered_found: int
    distance: Floats
    nearest: Indices

    @property
    def sees_copies(self) -> bool:
        """All planted copies were found; without that, a low rate says nothing."""
        return self.planted_found == self.planted

    @property
    def passed(self) -> bool:
        """Generated films are not marked more often than real ones that were never trained on."""
        return self.p_value > LEVEL and self.sees_copies

    def as_dict(self) -> dict[str, Any]:
        """For copies.json: no file, no patient."""
        known = {name: value for name, value in vars(self).items() if name not in ("distance", "nearest")}
        rates = {name: vars(value) for name, value in known.items() if isinstance(value, Rate)}
        quantiles = np.quantile(self.distance, [0.01, 0.05, 0.5, 0.95]).tolist()
        told = {"distance_quantiles_1_5_50_95": quantiles, "sees_copies": self.sees_copies, "passed": self.passed}
        return {"format": "monai-app-privacy-copies-1", **known, **rates, **told}


def copy_test(
    train: NDArray[np.float32],
    generated: NDArray[np.float32],
    held_out: NDArray[np.float32],
    embed: Embedding,
    *,
    at: float = 0.01,
    plant: int = 20,
    seed: int = 0,
) -> CopyTest:
    """Compare films (N, S, S).

    Args:
        train: of the patients that the generator was trained on.
        generated: by it.
        held_out: real films of other patients, one each.
        embed: to the space of distances; every dimension is scaled by its spread over train.
        at: share of real held-out films that may be marked, in (0, 1).
        plant: training films that are slipped in as copies.
        seed: of the halves and of what is planted.

    Raises:
        InputRejected: ``HELD_OUT_TOO_FEW``, ``SHARE_INVALID``, ``PLANT_INVALID``.
    """
    _check(len(train), len(held_out), at, plant)
    generator = numpy_generator("copies", seed)
    chosen = generator.choice(len(train), plant, replace=False)
    altered = _altered(train[chosen], generator)
    known = embed(train)
    scale = known.std(axis=0)
    scale[scale < 1e-9] = 1.0
    known = known / scale
    sets = {"generated": generated, "held_out": held_out, "planted": train[chosen], "altered": altered}
    places = {name: embed(films) / scale for name, films in sets.items() if len(films)}
    near = {name: _nearest(places[name], known) if name in places else _nobody() for name in sets}
    order = generator.permutation(len(held_out))
    setting, judged = order[: len(order) // 2], order[len(order) // 2 :]
    reference = near["held_out"][1]
    threshold = float(np.quantile(reference[setting], at, method="lower"))
    marked = {name: int((distance <= threshold).sum()) for name, (_, distance) in near.items()}
    innocent = int((reference[judged] <= threshold).sum())
    table = [[marked["generated"], len(generated) - marked["generated"]], [innocent, len(judged) - innocent]]
    nearest, distance = near["generated"]
    return CopyTest(
        threshold=threshold,
        generated=Rate.exact(marked["generated"], len(generated)),
        held_out=Rate.exact(innocent, len(judged)),
        p_value=float(fisher_exact(table, alternative="greater").pvalue),
        closer_to_train=_closer(places["generated"], known, places["held_out"], generator),
        planted=plant,
        planted_found=marked["planted"],
        altered_found=marked["altered"],
        distance=distance,
        nearest=nearest,
    )


def _nearest(points: Floats, among: Floats) -> tuple[Indices, Floats]:
    index, distance = pairwise_distances_argmin_min(points, among)
    return np.asarray(index, np.int64), np.asarray(distance, np.float64)


def _nobody() -> tuple[Indices, Floats]:
    return np.zeros(0, np.int64), np.zeros(0)


def _closer(points: Floats, train: Floats, held_out: Floats, generator: np.random.Generator) -> Rate:
    """How many points are closer to train than to held-out, from equally many of both."""
    size = min(len(train), len(held_out))
    distances = [
        _nearest(points, among[generator.choice(len(among), size, replace=False)])[1] for among in (train, held_out)
    ]
    return Rate.exact(int((distances[0] < distances[1]).sum()), len(points))


def _altered(films: NDArray[np.float32], generator: np.random.Generator) -> NDArray[np.float32]:
    """Shifted by a pixel, a tenth brighter, with noise of 2 % of full scale."""
    moved = np.roll(films, 1, axis=2) * 1.1 + generator.normal(0, 0.02, films.shape)
    return np.clip(moved, 0, 1).astype(np.float32)


def _check(train: int, held_out: int, at: float, plant: int) -> None:
    if held_out < FEWEST_HELD_OUT:
        raise InputRejected(
            "HELD_OUT_TOO_FEW",
            "too few held-out films to say how close real ones lie",
            got=f"{held_out} films",
            expected=f">= {FEWEST_HELD_OUT}, better a hundred and more",
        )
    if not 0 < at < 1:
        raise InputRejected("SHARE_INVALID", "the share of marked real films cannot be", got=at, expected="in (0, 1)")
    if not 0 <= plant <= train:
        raise InputRejected(
            "PLANT_INVALID", "so many copies cannot be planted", got=plant, expected=f"0 to {train} training films"
        )
