"""Masks lie where their film lies, one channel a structure."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from monai_app.core.errors import InputRejected
from monai_app.transforms.film import load_film
from monai_app.transforms.film_masks import LoadFilmMasksd, load_masks


def picture(path: Path, codes: np.ndarray) -> str:
    Image.fromarray(codes.astype(np.uint8)).save(path)
    return str(path)


@pytest.mark.parametrize("shape", [(150, 118), (90, 131), (40, 30)])
def test_a_mask_covers_what_the_same_picture_shows_as_a_film(tmp_path: Path, shape: tuple[int, int]) -> None:
    codes = np.zeros(shape)
    codes[shape[0] // 3 :, : shape[1] // 2] = 255
    path = picture(tmp_path / "film.png", codes)
    np.testing.assert_allclose(load_masks(path, [128], 64)[0].numpy(), load_film(path, 64), atol=1e-6)


def test_a_structure_is_where_any_of_its_bits_is(tmp_path: Path) -> None:
    codes = np.zeros((64, 64))
    codes[:16], codes[16:32], codes[32:48] = 1, 6, 4
    load = LoadFilmMasksd("masks", {"a": 1, "b": 2, "either": 6}, size_px=64)
    sample = load({"masks": picture(tmp_path / "mask.png", codes), "kept": 3})
    assert sample["kept"] == 3 and sample["masks"].shape == (3, 64, 64)
    rows = [torch.unique(channel.sum(dim=1).nonzero()).tolist() for channel in sample["masks"]]
    assert rows == [list(range(16)), list(range(16, 32)), list(range(16, 48))]


def test_a_missing_mask_is_refused_and_a_missing_key_only_where_it_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="FILE_NOT_FOUND"):
        load_masks(tmp_path / "none.png", [1], 64)
    assert LoadFilmMasksd("masks", {"a": 1}, allow_missing_keys=True)({"film": 1}) == {"film": 1}
    with pytest.raises(KeyError, match="masks"):
        LoadFilmMasksd("masks", {"a": 1})({"film": 1})
