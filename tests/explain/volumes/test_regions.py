from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.volume import Volume
from monai_app.explain.target import find_target
from monai_app.explain.volumes.regions import find_regions, known_regions, label_regions
from monai_app.explain.volumes.structure import structure_target
from tests.explain.volumes.tiny import AFFINE, CLASSIFIES, SEGMENTS, ball, seen


def test_regions_are_the_structures_or_what_a_target_counts() -> None:
    assert known_regions(SEGMENTS) == {"ball": (1,), "other": (2,)}
    assert known_regions(CLASSIFIES) == {"lesion": (1, 3), "size": (1,)}


def test_of_none_named_the_targets_own_is_taken_where_there_is_a_label_map() -> None:
    size = find_target(CLASSIFIES, "size/over 2 mL")
    assert find_regions(CLASSIFIES, size, (), has_labels=True) == ("size",)
    assert find_regions(CLASSIFIES, size, (), has_labels=False) == ()
    assert find_regions(CLASSIFIES, size, ["lesion"], has_labels=True) == ("lesion",)


@pytest.mark.parametrize(("names", "has_labels"), [(["spleen"], True), (["ball"], False)])
def test_unknown_regions_are_refused(names: list[str], has_labels: bool) -> None:
    with pytest.raises(InputRejected, match="REGION_UNKNOWN"):
        find_regions(SEGMENTS, structure_target(SEGMENTS, "ball"), names, has_labels=has_labels)


def test_a_label_map_comes_onto_the_grid_that_the_network_sees() -> None:
    volume = seen()
    labels = ball().astype(np.int16) * 2
    found = label_regions(Volume(labels, AFFINE), volume, SEGMENTS, ["ball", "other"])
    assert not found["ball"].any() and np.array_equal(found["other"], ball())
    flip = AFFINE @ np.array([[-1, 0, 0, 15], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]], float)
    again = label_regions(Volume(labels[::-1], flip), volume, SEGMENTS, ["other"])
    assert np.array_equal(again["other"], ball())
