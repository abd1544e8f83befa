from __future__ import annotations

import numpy as np
import torch

from monai_app.engines.film_features import FilmStatistics, FrozenFilmEncoder
from tests.faults.cohorts import png


def _films(tmp_path, count=3):
    paths = []
    for seed in range(count):
        paths.append(str(tmp_path / f"{seed}.png"))
        (tmp_path / f"{seed}.png").write_bytes(png(seed))
    return paths


def test_batch_equals_single(tmp_path):
    paths, features = _films(tmp_path), FilmStatistics()
    whole = features(paths)
    assert np.array_equal(whole, np.concatenate([features([path]) for path in paths]))
    assert np.isfinite(whole).all() and not np.array_equal(whole[0], whole[1])


def test_no_film_has_no_row_but_the_same_columns(tmp_path):
    features = FilmStatistics()
    assert features([]).shape == (0, features(_films(tmp_path, 1)).shape[1])


class _Mean(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))

    def forward(self, films):
        return (films.mean(dim=(1, 2, 3), keepdim=False)[:, None, None] * self.scale).expand(-1, 2, 3)


def test_frozen_encoder_pools_its_tokens():
    encoder = FrozenFilmEncoder(
        _Mean(), lambda sample: {"film": torch.full((1, 4, 4), float(sample["film"]))}, batch_size=2
    )
    features = encoder(["1", "2", "3"])
    assert features.tolist() == [[1.0] * 3, [2.0] * 3, [3.0] * 3]
    assert not encoder.encoder.training
