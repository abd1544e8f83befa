"""CLAHE: scikit-image's picture on 8 x 8 tiles, with the clip limit in multiples of the mean bin count."""

from __future__ import annotations

import numpy as np
import torch
from skimage.exposure import equalize_adapthist

from monai_app.transforms.clahe import CLAHEd, clahe

FILM = np.random.default_rng(0).random((64, 64), np.float32) ** 3


def test_equals_scikit_image_with_its_own_default_tiles() -> None:
    got = CLAHEd("film", clip_limit=2.0, tiles=8)({"film": torch.from_numpy(FILM)[None], "film_present": True})["film"]
    assert got.shape == (1, 64, 64) and got.dtype == torch.float32
    np.testing.assert_allclose(got[0], equalize_adapthist(FILM, clip_limit=2 / 256), atol=1e-6)


def test_absent_film_stays_zero() -> None:
    assert not CLAHEd("film")({"film": torch.zeros(1, 64, 64), "film_present": False})["film"].any()


def test_result_does_not_depend_on_brightness_and_contrast() -> None:
    np.testing.assert_allclose(clahe(0.25 + FILM / 2), clahe(FILM), atol=0.02)


def test_contrast_within_a_dark_tile_grows() -> None:
    film = np.where(np.arange(64)[None] < 32, FILM * 0.1, FILM).astype(np.float32)
    assert clahe(film)[:, :24].std() > 2 * film[:, :24].std()


def test_higher_limit_gives_more_contrast() -> None:
    spread = [
        clahe(FILM * 0.1 + np.eye(64, dtype=np.float32) * 0.5, clip_limit=limit).std() for limit in (1.0, 4.0, 16.0)
    ]
    assert spread == sorted(spread) and spread[0] < spread[-1]


def test_limit_zero_leaves_the_film_itself() -> None:
    film = torch.from_numpy(FILM)[None]
    assert torch.equal(CLAHEd("film", clip_limit=0.0)({"film": film, "film_present": True})["film"], film)
