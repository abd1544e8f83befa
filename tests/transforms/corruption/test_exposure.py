"""Exposure: too little radiation is bright and mottled, too much is dark and burnt out."""

from __future__ import annotations

import numpy as np

from monai_app.transforms.corruption.exposure import Exposured
from tests.transforms.corruption.samples import corrupted, film


def results(severity: int = 5) -> dict[str, np.ndarray]:
    drawn = [corrupted(Exposured("film", severity), seed) for seed in range(12)]
    return {parameters["direction"]: result.numpy() for result, parameters in drawn}


def test_both_directions_are_drawn_and_opposite() -> None:
    found, clean = results(), film().numpy()
    assert found["under"].mean() > clean.mean() > found["over"].mean()


def test_overexposed_lungs_are_black_and_underexposed_tissue_white() -> None:
    found, clean = results(), film().numpy()
    inside = clean > 0
    assert (found["over"][inside] == 0).mean() > 0.05
    assert (found["under"] == 1).mean() > (clean == 1).mean() + 0.1


def test_only_an_underexposed_film_is_mottled() -> None:
    grey = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    over = Exposured("film", 3).distort(grey, {"direction": "over", "gamma": 1.5, "saturated": 0.1})
    assert (np.diff(over.ravel()) >= 0).all()
    dim = {"direction": "under", "gamma": 0.7, "saturated": 0.1, "mottle_std": 0.05, "seed": 0}
    assert (np.diff(Exposured("film", 3).distort(grey, dim).ravel()) < 0).any()
