from __future__ import annotations

import numpy as np
import pytest

from monai_app.explain.volumes.whereabouts import whereabouts
from tests.explain.volumes.tiny import ball, seen


def test_a_map_without_knowledge_has_the_shares_of_the_voxels() -> None:
    found = whereabouts(np.ones((16, 16, 16), np.float32), ball(), seen())
    assert found is not None
    assert found.inside == pytest.approx(found.voxels_inside) and found.near == pytest.approx(found.voxels_near)
    assert found.inside + found.near + found.far == pytest.approx(1.0)


def test_a_map_that_is_the_structure_lies_inside_it_and_the_sentence_says_so() -> None:
    found = whereabouts(ball().astype(np.float32), ball(), seen())
    assert found is not None and found.inside == 1.0 and found.far == 0.0
    assert "100% lies inside the ball, 0% within 10 mm" in found.sentence("the ball", "ball")


def test_distances_are_in_mm() -> None:
    values = np.zeros((16, 16, 16), np.float32)
    values[6, 6, 6 + 7] = 1.0  # four voxels of 3 mm beyond the ball
    found = whereabouts(values, ball(), seen())
    assert found is not None and found.far == 1.0


def test_without_a_structure_or_anything_that_speaks_for_it_nothing_is_said() -> None:
    assert whereabouts(-np.ones((16, 16, 16), np.float32), ball(), seen()) is None
    assert whereabouts(np.ones((16, 16, 16), np.float32), ~ball() & ball(), seen()) is None
