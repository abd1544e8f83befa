from __future__ import annotations

from pathlib import Path

import pytest
import torch

from monai_app.engines.volumes.case_table import SCHEMA, Draws, case_table
from monai_app.engines.volumes.evaluator import VolumeEvaluator
from monai_app.engines.volumes.inferer import VolumeInferer
from monai_app.phantom.balls import write_balls
from monai_app.transforms.volume.load_volume import LoadVolumed
from tests.engines.volumes.tiny import SPEC, tiny_loader

LOADING = LoadVolumed(["image", "label"], ["image", "label"], allow_missing_keys=True)


class Thresholds(torch.nn.Module):
    """Knows the balls: structure k has the grey value k."""

    def __init__(self) -> None:
        super().__init__()
        self.sharpness = torch.nn.Parameter(torch.tensor(50.0))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.cat([-self.sharpness * (image - value) ** 2 for value in range(3)], 1)


def table(folder: Path, network: torch.nn.Module, draws: int = 0):
    datalist = write_balls(folder, volumes=(1, 1, 2), spacing_mm=(1.0, 2.0, 1.0))
    evaluator = VolumeEvaluator(
        torch.device("cpu"), tiny_loader(datalist, "held_out"), network, inferer=VolumeInferer(SPEC.patch)
    )
    return case_table(evaluator, SPEC, LOADING, draws=Draws(draws))


def test_who_knows_the_truth_scores_one_in_every_row(tmp_path: Path) -> None:
    found = table(tmp_path, Thresholds())
    assert found.columns == list(SCHEMA)
    assert found["case"].to_list() == ["p2", "p2", "p3", "p3"]
    assert found["structure"].to_list() == ["one", "two"] * 2
    assert found["dice"].min() > 0.99 and found["hd95_mm"].max() <= 2
    assert found["volume_ml"].to_list() == pytest.approx(found["reference_ml"].to_list(), rel=0.02)
    assert found["volume_sd_ml"].null_count() == found["distance"].null_count() == found.height


def test_draws_give_every_structure_its_doubt(tmp_path: Path) -> None:
    found = table(tmp_path, Thresholds(), draws=2)
    assert found["entropy"].min() > 0 and found["volume_sd_ml"].min() >= 0
