from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.explain.volumes.baseline import Baseline, find_baseline, odd_side, replacement
from tests.explain.volumes.tiny import seen


@pytest.mark.parametrize("kind", Baseline)
def test_what_is_small_goes_and_padding_stays(kind: Baseline) -> None:
    volume = seen((16, 16, 16)).padded((16, 16, 24))
    values = volume.image[0].numpy().copy()
    values[8, 8, 12] = 5.0
    away, words = replacement(values, volume, kind)
    assert away[8, 8, 12] < 1.5 and np.array_equal(away[..., :4], values[..., :4])
    assert " mm" in words and "10%" in words


def test_the_median_keeps_an_edge_that_blur_takes_away() -> None:
    step = np.zeros((16, 16, 16), np.float32)
    step[8:] = 1.0
    assert np.array_equal(replacement(step, seen(), Baseline.MEDIAN)[0], step)
    assert 0.3 < replacement(step, seen(), Baseline.BLUR)[0][8, 8, 8] < 0.7


def test_blur_is_equally_wide_in_mm_along_each_axis() -> None:
    point = np.zeros((16, 16, 16), np.float32)
    point[8, 8, 8] = 1.0
    away = replacement(point, seen(), Baseline.BLUR)[0]  # 2 x 2 x 3 mm
    assert away[11, 8, 8] == pytest.approx(away[8, 8, 10], rel=0.02)


@pytest.mark.parametrize(("voxels", "side"), [(0.5, 3), (3.9, 3), (5.0, 5), (6.4, 5), (7.1, 7)])
def test_the_cube_of_the_median_is_odd_and_no_wider(voxels: float, side: int) -> None:
    assert odd_side(voxels) == side


def test_an_unknown_baseline_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputRejected, match="BASELINE_UNKNOWN.*blur, median"):
        find_baseline("zero")
