"""Are generated films copies of training films? Nearest neighbours, judged by real films that were not trained on.

A film counts as a copy where it lies as close to its nearest training film as only the closest ``at`` of real held-out
films do. One half of the held-out films sets that distance, the other half says how often it marks innocent ones.
What distances are measured in is a :class:`monai_app.generate.privacy.spaces.Space`.
Reference: Dar et al. 2024 (arXiv 2402.01054) found up to 42 % of training images memorised by medical latent diffusion.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, fisher_exact

from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.generate.privacy.spaces import Films, FittedSpace, Floats, Space

Indices = NDArray[np.int64]

FEWEST_HELD_OUT = 20
"""Held-out films below which no distance can be set."""

LEVEL = 0.05
"""Of the one-sided test that generated films are marked more often than held-out ones."""

_CHUNK = 64
"""Films whose distances to all places are held at once."""


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
    train: Films,
    generated: Films,
    held_out: Films,
    space: Space,
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
        space: of distances; fitted on train.
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
    fitted = space.fitted(train)
    everybody = [np.arange(len(train))]
    sets = {"held_out": held_out, "planted": train[chosen], "altered": altered}
    near = {name: _nearest(films, fitted, everybody)[0][1] for name, films in sets.items()}
    nearest, distance = _nearest(generated, fitted, everybody)[0]
    order = generator.permutation(len(held_out))
    setting, judged = order[: len(order) // 2], order[len(order) // 2 :]
    reference = near["held_out"]
    threshold = float(np.quantile(reference[setting], at, method="lower"))
    marked = {name: int((found <= threshold).sum()) for name, found in near.items()}
    copied, innocent = int((distance <= threshold).sum()), int((reference[judged] <= threshold).sum())
    table = [[copied, len(generated) - copied], [innocent, len(judged) - innocent]]
    return CopyTest(
        threshold=threshold,
        generated=Rate.exact(copied, len(generated)),
        held_out=Rate.exact(innocent, len(judged)),
        p_value=float(fisher_exact(table, alternative="greater").pvalue),
        closer_to_train=_closer(generated, train, held_out, space, generator),
        planted=plant,
        planted_found=marked["planted"],
        altered_found=marked["altered"],
        distance=distance,
        nearest=nearest,
    )


def _nearest(films: Films, fitted: FittedSpace, groups: Sequence[Indices]) -> list[tuple[Indices, Floats]]:
    """Of each group of known films: the nearest one to each film, and how far it lies."""
    found = [(np.zeros(len(films), np.int64), np.zeros(len(films))) for _ in groups]
    for start in range(0, len(films), _CHUNK):
        rows = slice(start, start + _CHUNK)
        distance = fitted.distances(films[rows])
        for group, (index, least) in zip(groups, found, strict=True):
            index[rows] = group[distance[:, group].argmin(axis=1)]
            least[rows] = np.take_along_axis(distance, index[rows, None], axis=1)[:, 0]
    return found


def _closer(films: Films, train: Films, held_out: Films, space: Space, generator: np.random.Generator) -> Rate:
    """How many films are closer to train than to held-out, from equally many of both, in a space fitted on these."""
    size = min(len(train), len(held_out))
    known = np.concatenate([some[generator.choice(len(some), size, replace=False)] for some in (train, held_out)])
    halves = [np.arange(size), np.arange(size, 2 * size)]
    (_, to_train), (_, to_others) = _nearest(films, space.fitted(known), halves)
    return Rate.exact(int((to_train < to_others).sum()), len(films))


def _altered(films: Films, generator: np.random.Generator) -> Films:
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
