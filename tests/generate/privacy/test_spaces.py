"""Spaces of films: distances do not depend on the units of an embedding, and a film is at no distance from itself."""

from __future__ import annotations

import numpy as np

from monai_app.generate.privacy.spaces import Scaled, pixels, rows

FILMS = np.random.default_rng(0).random((12, 64, 64)).astype(np.float32)


def test_a_film_is_its_own_nearest_neighbour() -> None:
    distance = Scaled(pixels).fitted(FILMS).distances(FILMS)
    assert (distance.argmin(axis=1) == np.arange(12)).all() and np.allclose(distance.diagonal(), 0)


def test_distances_have_no_unit_and_a_constant_dimension_does_not_matter() -> None:
    records = FILMS[:, :1, :5].copy()
    changed = np.concatenate([records * np.array([1, 10, 100, 1, 1], np.float32), np.ones((12, 1, 1), np.float32)], 2)
    plain, other = (Scaled(rows).fitted(some).distances(some) for some in (records, changed))
    assert np.allclose(plain, other, rtol=1e-5, atol=1e-6)


def test_pixels_are_averages_of_blocks() -> None:
    assert np.allclose(pixels(FILMS, side=2)[0, 0], FILMS[0, :32, :32].mean())
