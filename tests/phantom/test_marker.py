from __future__ import annotations

import numpy as np

from monai_app.phantom.marker import LEAD_PATH, letters, place_marker


def test_l_and_r_are_not_mirror_images() -> None:
    assert not np.array_equal(letters("L", 2), letters("R", 2)[:, ::-1])


def test_a_marker_absorbs_and_stays_inside_the_picture() -> None:
    path = np.ones((60, 80), np.float32)
    place_marker(path, "R", row_px=0, column_px=79, scale=3)
    assert path.max() == 1.0 + np.float32(LEAD_PATH) and path.min() == 1.0
    assert (path[:, :50] == 1.0).all()
