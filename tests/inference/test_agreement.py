from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.random import numpy_generator
from monai_app.inference.agreement import agreement

NAMES = ("background", "a", "b")


def test_the_same_labels_agree_wholly() -> None:
    labels = numpy_generator("agreement").integers(0, 3, (5, 6, 7)).astype(np.uint8)
    assert agreement(labels, labels, NAMES) == {"equal": 1.0, "dice": {"a": 1.0, "b": 1.0}}


def test_dice_is_twice_the_overlap_by_the_sizes() -> None:
    one, other = np.zeros((2, 4, 4, 4), np.uint8)
    one[:2], other[1:3] = 1, 1
    found = agreement(one, other, NAMES)
    assert found["dice"] == {"a": pytest.approx(0.5), "b": None}
    assert found["equal"] == pytest.approx(0.5)
