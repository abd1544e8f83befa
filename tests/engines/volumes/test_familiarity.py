from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from monai_app.core.loading import save_weights
from monai_app.engines.volumes.evaluator import VolumeEvaluator
from monai_app.engines.volumes.familiarity import fit_familiarity
from monai_app.engines.volumes.inferer import VolumeInferer
from monai_app.inference.ood import FILE_NAME
from monai_app.phantom.balls import write_balls
from tests.engines.volumes.tiny import SPEC, tiny_loader, tiny_network

LAYER = "model.1.submodule"


@pytest.fixture(scope="module")
def evaluators(tmp_path_factory: pytest.TempPathFactory) -> list[VolumeEvaluator]:
    datalist = write_balls(tmp_path_factory.mktemp("balls"), volumes=(12, 10, 1), shape=(10, 10, 10))
    network, device = tiny_network(), torch.device("cpu")
    arguments: dict[str, Any] = {"inferer": VolumeInferer(SPEC.patch), "feature_layer": LAYER}
    return [
        VolumeEvaluator(device, tiny_loader(datalist, split), network, **arguments) for split in ("train", "tuning")
    ]


def weights(folder: Path, value: float) -> None:
    save_weights(folder / "model.safetensors", {"a": torch.full((1,), value)})


def test_it_is_fitted_once_for_the_weights_and_anew_for_others(
    evaluators: list[VolumeEvaluator], tmp_path: Path
) -> None:
    weights(tmp_path, 0)
    first = fit_familiarity(str(tmp_path), *evaluators)
    written = (tmp_path / FILE_NAME).stat().st_mtime_ns
    again = fit_familiarity(str(tmp_path), *evaluators)
    assert first is not None and again is not None
    assert (tmp_path / FILE_NAME).stat().st_mtime_ns == written and again.distance_limit == first.distance_limit
    weights(tmp_path, 1)
    other = fit_familiarity(str(tmp_path), *evaluators)
    assert other is not None and other.model_sha256 != first.model_sha256


def test_nothing_is_fitted_unasked_or_on_too_little(evaluators: list[VolumeEvaluator], tmp_path: Path) -> None:
    weights(tmp_path, 0)
    assert fit_familiarity(str(tmp_path), *evaluators, at=None) is None
    datalist = write_balls(tmp_path / "few", shape=(10, 10, 10))
    few = VolumeEvaluator(
        torch.device("cpu"),
        tiny_loader(datalist, "train"),
        tiny_network(),
        inferer=VolumeInferer(SPEC.patch),
        feature_layer=LAYER,
    )
    assert fit_familiarity(str(tmp_path), few, few) is None
    assert not (tmp_path / FILE_NAME).exists()
