"""Row 21 of the faults: resampled and put back, a ball is the same ball on its first grid, its labels whole numbers."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from monai.data import MetaTensor
from monai.transforms import Compose, Invertd, Orientationd, Spacingd

SHAPE = (56, 60, 30)
NATIVE_MM = (1.0, 1.0, 2.0)


RADIUS_MM = 20.0
AFFINE = np.array([[0, 0, 2.0, 4], [1, 0, 0, -9], [0, -1, 0, 30], [0, 0, 0, 1]])
"""Of a sagittal grid."""


def distance_mm() -> np.ndarray:
    centre = (np.array(SHAPE) - 1) / 2
    index = np.stack(np.meshgrid(*map(np.arange, SHAPE), indexing="ij"), -1)
    return np.linalg.norm((index - centre) * NATIVE_MM, axis=-1)


def ball() -> MetaTensor:
    """Label 3 within the radius, 7 in a thick shell around it."""
    labels = np.select([distance_mm() < RADIUS_MM, distance_mm() < RADIUS_MM + 6], [3, 7], 0).astype(np.int16)
    return MetaTensor(torch.from_numpy(labels)[None], affine=AFFINE)


def dice(first: torch.Tensor, second: torch.Tensor) -> float:
    return 2 * float((first & second).sum()) / float(first.sum() + second.sum())


def geometry(keys: list[str], spacing_mm: float, mode: str) -> Compose:
    return Compose([Orientationd(keys, "RAS", labels=None), Spacingd(keys, (spacing_mm,) * 3, mode=mode)])


@pytest.mark.parametrize("spacing_mm", [0.7, 1.0])
def test_labels_return_to_their_grid_whole_and_the_same(spacing_mm: float) -> None:
    given = ball()
    chain = geometry(["label"], spacing_mm, "nearest")
    resampled = chain({"label": given})
    assert set(torch.unique(resampled["label"].as_tensor()).tolist()) == {0, 3, 7}
    back = chain.inverse(resampled)["label"]
    assert back.shape == given.shape
    np.testing.assert_allclose(back.affine.numpy(), given.affine.numpy(), atol=1e-6)
    assert set(torch.unique(back.as_tensor()).tolist()) == {0, 3, 7}
    assert min(dice(back.as_tensor() == label, given.as_tensor() == label) for label in (3, 7)) >= 0.99


def test_probabilities_on_a_coarser_grid_return_through_the_inverse_of_the_image() -> None:
    given = ball()
    probability = np.clip((RADIUS_MM - distance_mm()) / 4 + 0.5, 0, 1).astype(np.float32)
    chain = geometry(["image"], 2.5, "bilinear")
    sample = chain({"image": MetaTensor(torch.from_numpy(probability)[None], affine=AFFINE)})
    sample["pred"] = MetaTensor(sample["image"].as_tensor().clone(), affine=sample["image"].affine)
    back = Invertd("pred", chain, orig_keys="image", nearest_interp=False, to_tensor=True)(sample)["pred"]
    assert back.shape == given.shape
    assert dice(back.as_tensor() > 0.5, given.as_tensor() == 3) >= 0.99
