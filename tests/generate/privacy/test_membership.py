from __future__ import annotations

import numpy as np

from monai_app.core.random import numpy_generator
from monai_app.generate.privacy.membership import membership

IDS = np.arange(300), 1000 + np.arange(200)


def losses(shift: float) -> tuple[np.ndarray, np.ndarray]:
    generator = numpy_generator("membership")
    return generator.random(300) - shift, generator.random(200)


def test_losses_of_one_kind_tell_nothing() -> None:
    found = membership(*losses(0.0), subjects=IDS, resamples=200)
    assert found["auroc"]["low"] < 0.5 < found["auroc"]["high"]
    assert (found["members"], found["others"]) == (300, 200)


def test_smaller_losses_give_members_away() -> None:
    found = membership(*losses(2.0), subjects=IDS, resamples=50)
    assert found["auroc"]["value"] == 1.0 and found["true_positive_rate_at_1_percent"] == 1.0


def test_intervals_are_over_patients() -> None:
    few = (np.arange(300) // 30, 1000 + np.arange(200) // 20)
    wide, narrow = (membership(*losses(0.3), subjects=ids, resamples=200)["auroc"] for ids in (few, IDS))
    assert wide["value"] == narrow["value"] and wide["high"] - wide["low"] != narrow["high"] - narrow["low"]
