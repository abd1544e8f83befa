"""Every overlay of a network trains: two steps on simulated patients, with every term of its loss."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from monai_app.core.resources import resource
from monai_app.engines.bundle import Workflow, open_workflow, overlay_names
from monai_app.phantom.cohort import write_phantom

BUNDLE = resource("bundles", "multimodal_diagnosis")
TREES = {"haim", "ensemble"}
"""Overlays without a network of their own."""
NETWORKS = sorted(set(overlay_names(BUNDLE / "configs", "fusion_*.yaml", "fusion_")) - TREES)

STILL = {"healnet": ("query_norm",)}
"""What learns nothing here: each of these modalities has one token, which gets all attention whatever the query."""


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    write_phantom(folder, patients=16, seed=0)
    return folder


@pytest.mark.parametrize("fusion", NETWORKS)
def test_two_steps_move_every_weight_of_the_fusion(fusion: str, cohort: Path, tmp_path: Path) -> None:
    settings = {"cohort_dir": str(cohort), "output_dir": str(tmp_path), "modalities": ["series", "table", "note"]}
    settings |= {"workers": 0, "modality_dropout": 0.5, "device": "cpu", "warmup_epochs": 0}
    opened = open_workflow(BUNDLE, Workflow.TRAIN, overlays=[f"fusion_{fusion}", "smoke"], settings=settings)
    network, trainer = (opened.parser.get_parsed_content(name) for name in ("network", "train::trainer"))
    before = {name: value.clone() for name, value in network.fusion.named_parameters()}
    trainer.run()
    assert trainer.state.iteration >= 2
    unmoved = [name for name, value in network.fusion.named_parameters() if torch.equal(value, before[name])]
    assert [name for name in unmoved if not any(part in name for part in STILL.get(fusion, ()))] == []
