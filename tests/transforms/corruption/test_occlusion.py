"""Occlusion: an object of the recorded area, form and place."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.transforms.corruption.occlusion import Occlusiond, object_mask

OBJECT = {"form": "ellipse", "area_share": 0.1, "centre": [0.5, 0.5], "aspect": 0.5, "angle_degrees": 30.0, "grey": 1.0}


@pytest.mark.parametrize("form", ["ellipse", "plate"])
def test_object_covers_its_share(form: str) -> None:
    assert object_mask((200, 160), OBJECT | {"form": form}).mean() == pytest.approx(0.1, rel=0.02)


def test_larger_object_contains_the_smaller() -> None:
    small, large = object_mask((64, 64), OBJECT), object_mask((64, 64), OBJECT | {"area_share": 0.2})
    assert not (small & ~large).any() and large.sum() > small.sum()


def test_object_is_bright_and_the_rest_untouched() -> None:
    dark = np.full((64, 64), 0.2, np.float32)
    result = Occlusiond("film", 3).distort(dark, OBJECT)
    mask = object_mask(dark.shape, OBJECT)
    assert result[mask].min() > 0.9 and (result[~mask] == np.float32(0.2)).all()
