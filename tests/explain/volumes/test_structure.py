from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_app.core.errors import InputRejected
from monai_app.explain.volumes.structure import (
    ScoredOver,
    StructureScore,
    explained_size,
    find_structure,
    padded_like,
    structure_target,
    window_around,
)
from tests.explain.volumes.tiny import SEGMENTS, FindsBright, ball, seen

TARGET = structure_target(SEGMENTS, "ball")


def test_an_unknown_structure_is_answered_with_those_there_are() -> None:
    with pytest.raises(InputRejected, match="LABEL_UNKNOWN.*ball, other"):
        structure_target(SEGMENTS, "spleen")


def test_the_score_is_the_mean_of_log_odds_over_the_voxels() -> None:
    scores = torch.randn(2, 3, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    over = torch.zeros(4, 4, 4, dtype=torch.bool)
    over[1, 2, 3] = over[0, 0, 0] = True
    probability = scores.softmax(dim=1)[:, 1]
    wanted = torch.logit(probability)[:, over].mean(dim=1)
    assert torch.allclose(StructureScore(1, over)(scores), wanted, atol=1e-5)


def test_the_window_shows_all_of_a_structure_that_fits_and_keeps_its_place() -> None:
    volume = seen((40, 44, 30))
    found = find_structure(FindsBright().eval(), SEGMENTS, volume, TARGET)
    assert found.seen.shape == (16, 16, 16)
    assert found.share == 1.0 and found.scored_over is ScoredOver.FOUND
    step = np.linalg.solve(found.whole.affine_ras, found.seen.affine_ras)[:3, 3].round().astype(int)
    box = tuple(slice(first, first + side) for first, side in zip(step, found.seen.shape, strict=True))
    assert np.array_equal(found.over, found.labels[box])
    assert found.millilitres == pytest.approx(found.labels.sum() * 12 / 1000)


def test_a_structure_that_was_not_found_is_refused_or_scored_where_the_label_map_has_it() -> None:
    volume, network = seen(found=False), FindsBright().eval()
    with pytest.raises(InputRejected, match="STRUCTURE_NOT_FOUND"):
        find_structure(network, SEGMENTS, volume, TARGET)
    found = find_structure(network, SEGMENTS, volume, TARGET, ball())
    assert found.scored_over is ScoredOver.REFERENCE and found.millilitres == 0.0
    assert np.array_equal(found.over, ball())


@pytest.mark.parametrize("size", [(6, 7, 8), (5, 5, 5)])
def test_the_window_around_a_point_has_it_in_its_middle_or_ends_at_the_border(size: tuple[int, int, int]) -> None:
    for at in ((10, 10, 10), (0, 19, 3)):
        mask = np.zeros((20, 20, 20), np.bool_)
        mask[at] = True
        start = window_around(mask, size)
        for first, side, place in zip(start, size, at, strict=True):
            assert 0 <= first <= 20 - side and first <= place < first + side
            assert abs(first + side / 2 - place) <= 1 or first in (0, 20 - side)


def test_a_window_takes_the_larger_part_of_what_does_not_fit() -> None:
    mask = np.zeros((30, 8, 8), np.bool_)
    mask[2:5], mask[20:29] = True, True
    assert 19 <= window_around(mask, (10, 8, 8))[0] <= 20


def test_what_lies_beside_the_body_is_background_as_in_inference() -> None:
    volume = seen((32, 32, 32), sequences=2)
    volume.image[:, 20:] = -2.0  # air, and a bright piece of couch in it
    volume.image[0, 28:31, 4:7, 4:7] = 3.0
    found, beside = (
        find_structure(FindsBright().eval(), SEGMENTS, volume, TARGET, air=air).labels for air in (-1.0, None)
    )
    assert beside[29, 5, 5] and not found[29, 5, 5] and found[6, 6, 6]


def test_what_is_explained_is_the_patch_or_less() -> None:
    assert explained_size((20, 60, 14), (16, 16, 18)) == (16, 16, 16)


def test_a_mask_is_padded_as_the_volume_is() -> None:
    small = seen((5, 6, 7))
    padded = padded_like(np.ones((5, 6, 7), np.bool_), small, small.padded((9, 8, 8)))
    assert np.array_equal(padded, small.padded((9, 8, 8)).filled)
