"""What is shown first: the likeliest label, and its map where there is one."""

from __future__ import annotations

import numpy as np

from monai_app.inference.diagnosis import Diagnosis, FilmMap, LabelFound

LABELS = tuple(LabelFound("diagnosis", name, p) for name, p in (("a", 0.2), ("b", 0.4), ("c", 0.4)))
MAPS = tuple(FilmMap(name, "hires_cam", np.zeros((2, 2), np.float32)) for name in "ab")


def test_the_first_of_the_likeliest_is_shown() -> None:
    found = Diagnosis(LABELS, (), MAPS)
    assert found.likeliest.name == "b" and found.map_of("b") is MAPS[1]


def test_a_label_without_a_map_has_none() -> None:
    assert Diagnosis(LABELS, (), MAPS).map_of("c") is None
