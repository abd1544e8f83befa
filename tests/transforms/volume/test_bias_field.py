"""N4 takes a smooth field off and leaves what is even as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.transforms.volume.bias_field import CorrectBiasFieldd


def head() -> np.ndarray:
    axes = np.meshgrid(*(np.linspace(-1, 1, 40),) * 3, indexing="ij")
    radius = np.sqrt(sum(axis**2 for axis in axes))
    tissue = np.select([radius < 0.5, radius < 0.8], [100.0, 60.0], 0.0)
    return (tissue + np.random.default_rng(0).normal(0, 1, tissue.shape) * (tissue > 0)).clip(0)


def unevenness(image: np.ndarray) -> float:
    """Of one tissue from one side to the other."""
    inner = image[12:28, 12:28, 12:28]
    return float(inner[:5].mean() / inner[-5:].mean())


def corrected(image: np.ndarray) -> np.ndarray:
    given = torch.from_numpy(image.astype(np.float32))[None]
    return CorrectBiasFieldd("image", shrink=3, iterations=(20, 20))({"image": given})["image"][0].numpy()


def test_field_is_taken_off_and_the_mean_stays() -> None:
    field = np.exp(np.linspace(-0.4, 0.4, 40))[:, None, None]
    before, after = head() * field, corrected(head() * field)
    assert unevenness(before) < 0.85 and 0.93 < unevenness(after) < 1.07
    np.testing.assert_allclose(after.mean(), before.mean(), rtol=1e-3)


def test_even_image_stays_about_as_it_is() -> None:
    assert 0.97 < unevenness(corrected(head())) < 1.03


@pytest.mark.parametrize(("value", "code"), [(float("nan"), "NOT_FINITE"), (3.0, "NO_CONTENT")])
def test_meaningless_values_are_refused(value: float, code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        corrected(np.full((8, 8, 8), value))
