"""A map that is the region scores one, one that knows nothing scores chance, and the centre is never free."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.explain.localisation import centre, region_scores

REGION = np.zeros((40, 40), np.bool_)
REGION[5:13, 25:35] = True


def test_perfect_map_has_perfect_scores() -> None:
    found = region_scores(REGION.astype(np.float32), REGION, "r")
    assert found.area == pytest.approx(0.05) and found.region == "r"
    assert (found.of_map.hit, found.of_map.mass, found.of_map.auroc, found.of_map.average_precision) == (True, 1, 1, 1)


def test_ignorant_map_scores_chance() -> None:
    noise = np.random.default_rng(0).random((40, 40)).astype(np.float32)
    found = region_scores(noise, REGION, "r").of_map
    assert found.auroc == pytest.approx(0.5, abs=0.1) and found.mass == pytest.approx(0.05, abs=0.02)
    assert found.average_precision == pytest.approx(0.05, abs=0.03)


def test_negative_relevance_is_no_mass() -> None:
    values = np.where(REGION, -1.0, 0.0).astype(np.float32)
    found = region_scores(values, REGION, "r").of_map
    assert (found.hit, found.mass, found.auroc) == (False, 0, 0)


def test_region_in_the_middle_is_found_by_the_control() -> None:
    middle = np.zeros((40, 40), np.bool_)
    middle[16:24, 16:24] = True
    assert region_scores(centre((40, 40)), middle, "r").of_centre.hit
    assert region_scores(centre((40, 40)), middle, "r").of_centre.auroc > 0.95
    assert not region_scores(centre((40, 40)), REGION, "r").of_centre.hit


@pytest.mark.parametrize("fill", [False, True])
def test_nothing_and_everything_are_refused(fill: bool) -> None:
    with pytest.raises(InputRejected, match="REGION_EMPTY"):
        region_scores(np.zeros((4, 4), np.float32), np.full((4, 4), fill), "r")


def test_a_map_that_is_the_region_is_perfect_in_volumes_too() -> None:
    region = np.zeros((6, 8, 10), np.bool_)
    region[:2, :2, :3] = True
    found = region_scores(region.astype(np.float32), region, "lesion")
    assert found.of_map.hit and found.of_map.mass == found.of_map.auroc == 1.0
    assert found.of_centre.mass < 0.1 and found.area == pytest.approx(12 / 480)
