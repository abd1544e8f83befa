from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from monai_app.core.errors import InputRejected
from monai_app.core.loading import save_weights
from monai_app.inference.ood import FEWEST, Familiarity, confidence, watched


def fitted(folder: Path, train: int = 40) -> Familiarity | None:
    random = np.random.default_rng(0)
    save_weights(folder / "model.safetensors", {"a": torch.zeros(1)})
    features = random.normal(size=(train + 20, 6))
    sure = random.uniform(0.8, 1, 20)
    return Familiarity.fit(features[:train], features[train:], sure, at=0.95, weights=folder / "model.safetensors")


def test_far_or_unsure_is_unfamiliar_and_near_and_sure_is_not(tmp_path: Path) -> None:
    familiar = fitted(tmp_path)
    assert familiar is not None
    assert not familiar.judge(np.zeros(6), 0.95).unfamiliar
    assert familiar.judge(np.full(6, 9.0), 0.95).unfamiliar
    assert familiar.judge(np.zeros(6), 0.3).unfamiliar


def test_it_comes_back_from_the_folder_as_it_was(tmp_path: Path) -> None:
    familiar = fitted(tmp_path)
    assert familiar is not None
    familiar.write(tmp_path)
    back = Familiarity.read(tmp_path)
    assert back is not None
    assert back.judge(np.ones(6), 0.9) == familiar.judge(np.ones(6), 0.9)
    assert (back.at, back.model_sha256) == (familiar.at, familiar.model_sha256)


def test_other_weights_are_refused_and_nothing_is_nothing(tmp_path: Path) -> None:
    assert Familiarity.read(tmp_path) is None
    familiar = fitted(tmp_path)
    assert familiar is not None
    familiar.write(tmp_path)
    save_weights(tmp_path / "model.safetensors", {"a": torch.ones(1)})
    with pytest.raises(InputRejected, match="FAMILIARITY_MISFIT"):
        Familiarity.read(tmp_path)


def test_too_few_volumes_fit_nothing(tmp_path: Path) -> None:
    assert fitted(tmp_path, train=FEWEST - 1) is None


def test_features_are_means_over_the_windows_of_one_volume() -> None:
    network = nn.Sequential(nn.Identity(), nn.Flatten())
    volume = torch.rand(3, 2, 4, 4, 4)
    with watched(network, "0") as pool:
        network(volume)
        together = pool.features()
        for part in volume:
            network(part[None])
        one_by_one = pool.features()
        with pytest.raises(ValueError, match="a pass"):
            pool.features()
    assert together.shape == (4,)
    assert np.allclose(together, one_by_one, atol=1e-6)
    network(volume)  # no longer watched


def test_confidence_is_that_of_what_was_found() -> None:
    scores = torch.tensor([[0.9, 0.2], [0.1, 0.8]]).reshape(2, 1, 1, 2)
    assert confidence(scores) == pytest.approx(0.8)
    assert confidence(scores[:, :, :, :1]) == 0.0
