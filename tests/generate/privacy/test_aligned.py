"""The aligned space: what is done to a copy hardly moves it, strangers stay far apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from monai_app.generate.privacy.aligned import Aligned
from monai_app.generate.privacy.spaces import Floats

Films = np.ndarray


def chests(count: int, seed: int) -> Films:
    """One smooth anatomy that all share, and a finer picture of each."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[:64, :64] / 63 - 0.5
    shared = 0.5 + 0.3 * np.cos(6 * x) * np.cos(4 * y)
    own = ndimage.gaussian_filter(generator.normal(size=(count, 64, 64)), (0, 3, 3))
    return np.clip(shared + 0.5 * own, 0, 1).astype(np.float32)


TRAIN = chests(60, 0)
FITTED = Aligned().fitted(TRAIN)
STRANGERS = FITTED.distances(chests(20, 1)).min(axis=1)


def to_copies(change: Callable[[Films], Films]) -> Floats:
    """Distances of changed train films to all train films."""
    return FITTED.distances(np.clip(change(TRAIN[:10]), 0, 1).astype(np.float32))


@pytest.mark.parametrize(
    "change",
    [
        lambda films: films,
        lambda films: 0.8 * films + 0.1,
        lambda films: np.roll(films, 1, axis=2),
        lambda films: np.roll(films, (-2, 2), axis=(1, 2)),
        lambda films: ndimage.rotate(films, 1.5, axes=(1, 2), reshape=False, mode="nearest"),
        lambda films: films + np.random.default_rng(0).normal(0, 0.02, films.shape),
        lambda films: ndimage.gaussian_filter(films, (0, 1, 1)),
    ],
    ids=["same", "contrast", "shift", "shift both", "rotation", "noise", "blur"],
)
def test_a_changed_copy_lies_nearer_to_its_film_than_any_stranger(change: Callable[[Films], Films]) -> None:
    distance = to_copies(change)
    assert (distance.argmin(axis=1) == np.arange(10)).all() and distance.min(axis=1).max() < STRANGERS.min()


def test_a_film_is_at_no_distance_from_itself_and_distances_do_not_depend_on_the_batch() -> None:
    distance = to_copies(lambda films: films)
    assert np.allclose(distance.diagonal(), 0, atol=1e-5)
    assert np.allclose(distance[3:4], FITTED.distances(TRAIN[3:4]), atol=1e-5)


def test_a_film_that_shows_nothing_is_like_no_other() -> None:
    assert np.isfinite(FITTED.distances(np.zeros((1, 64, 64), np.float32))).all()
