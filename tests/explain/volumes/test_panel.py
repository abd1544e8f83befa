from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.page import Section
from monai_app.explain.volumes.panel import Outlines, add_planes
from tests.explain.volumes.tiny import material


def panel(modality: str, outlines: Outlines) -> str:
    section, image = Section("map"), material().grid
    values = np.ones(image.array.shape, np.float32)
    add_planes(section, image, values, 1.0, (12, 6, 6), outlines, modality=modality, caption="computed somewhere")
    return "".join(section.blocks)


def test_each_plane_has_its_letters_a_scale_and_the_map_behind_one_slider() -> None:
    text = panel("MR", Outlines())
    assert [text.count(f">{letter}</span>") for letter in "RLAPSI"] == [2, 2, 2, 2, 2, 2]
    assert text.count('class="heat"') == 3 and text.count('type="range"') == 1 and text.count(" mm</div>") == 3
    assert "computed somewhere" in text and "label map" not in text


@pytest.mark.parametrize(("modality", "switches"), [("CT", 1), ("MR", 0)])
def test_ct_has_a_switch_to_the_lung_window(modality: str, switches: int) -> None:
    assert panel(modality, Outlines()).count("checkbox") == switches


def test_outlines_are_named_only_where_there_are_any() -> None:
    mask = material().grid.array > 0.5
    text = panel("MR", Outlines(mask, np.zeros_like(mask), "found by the model", "label map"))
    assert "found by the model" in text and "label map" not in text
