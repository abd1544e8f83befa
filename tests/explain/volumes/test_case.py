from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_app.explain.target import find_target
from monai_app.explain.volumes.case import VOLUME, VolumeCase, blocks
from tests.explain.volumes.tiny import CLASSIFIES, SEGMENTS, FindsBright, classifier, seen


def case(channel: int = 0) -> VolumeCase:
    network = FindsBright().eval()
    return VolumeCase(network, find_target(CLASSIFIES, "lesion"), seen(), lambda x: x.mean(dim=(1, 2, 3, 4)), channel)


@pytest.mark.parametrize("channel", [0, 1])
def test_only_the_voxels_of_one_sequence_are_replaced(channel: int) -> None:
    made = case(channel)
    view = made.view(VOLUME)
    given = view.assemble(torch.cat([view.original, view.baseline]))
    assert torch.equal(given[0], made.seen.image) and torch.equal(given[1, 1 - channel], made.seen.image[1 - channel])
    assert torch.equal(given[1, channel], view.baseline[0]) and not torch.equal(given[0], given[1])
    assert made.scorer(VOLUME)(given)[0].item() == pytest.approx(made.score)
    assert "blurred (Gaussian" in view.baseline_text and "other sequences as they are" in view.baseline_text


def test_blocks_are_cubes_and_part_the_volume() -> None:
    numbers = blocks((32, 20, 17))
    assert np.bincount(numbers.ravel()).max() == 8 and len(np.unique(numbers)) == 16 * 10 * 9
    assert len(np.unique(numbers[:2, :2, :2])) == 1


def test_the_layer_of_grad_cam_is_found_by_its_name() -> None:
    made = VolumeCase(classifier(), find_target(CLASSIFIES, "lesion"), seen(sequences=1), lambda x: x, layer="trunk")
    assert made.feature_map(VOLUME) is made.network.trunk and case().feature_map(VOLUME) is None
    assert SEGMENTS.in_channels == 2
