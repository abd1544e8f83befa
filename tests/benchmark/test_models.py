"""A trained system says what `evaluate` says, and knows which file it is."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_app.benchmark.conditions import CLEAN, prepared
from monai_app.benchmark.models import TrainedSystem
from monai_app.benchmark.profiles import Profile
from monai_app.benchmark.systems import chosen_systems
from monai_app.benchmark.training import planned_runs
from monai_app.core.errors import InputRejected
from monai_app.engines.bundle import Workflow, find_bundle, known_settings, open_workflow
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.engines.predictions import Predictions
from tests.benchmark.conftest import SETTINGS, SYSTEMS, TASKS, Bench


def opened(bench: Bench, name: str) -> TrainedSystem:
    runs = planned_runs(
        "multimodal_diagnosis",
        [bench.cohort] * 2,
        bench.out,
        systems=chosen_systems(SYSTEMS),
        profile=Profile.SMALL,
        tasks=TASKS,
        settings=SETTINGS,
    )
    return TrainedSystem(next(run for run in runs if run.system.name == name))


def said(system: TrainedSystem, items: list) -> Predictions:
    if system.network is None:  # trees keep no tokenizer and read the items themselves
        return system.predict(items, None)[0]
    batches = prepared(items, system.preprocessing, CLEAN, system.spec, {}, seed=0, cache_dir=None, batch_size=2)
    return system.predict(items, batches)[0]


@pytest.mark.parametrize("name", ["early", "haim"])
def test_it_says_what_evaluate_says(bench: Bench, name: str) -> None:
    system = opened(bench, name)
    folder, overlays = find_bundle("multimodal_diagnosis"), system.run.overlays
    known = known_settings(folder, Workflow.EVALUATE, overlays)
    chosen = {key: value for key, value in system.run.settings.items() if key.split("::")[0] in known}
    parser = open_workflow(folder, Workflow.EVALUATE, overlays=overlays, settings=chosen).parser
    wanted: Predictions = parser.get_parsed_content("test_predictions")
    made = said(system, list(system.items))
    np.testing.assert_array_equal(made.subject_id, wanted.subject_id)
    for task in TASKS:
        np.testing.assert_allclose(made.tasks[task].score, wanted.tasks[task].score, atol=1e-6)


def test_a_sample_without_any_modality_is_refused(bench: Bench) -> None:
    system = opened(bench, "draf")
    nothing = {f"{name}_present": False for name in system.names}
    with pytest.raises(InputRejected, match="ALL_MODALITIES_MISSING"):
        said(system, [{**system.items[0], **nothing}])


def test_damaged_weights_are_refused_by_their_code(bench: Bench, tmp_path: Path) -> None:
    run = opened(bench, "early").run
    copied = tmp_path / "model"
    shutil.copytree(run.folder, copied)
    weights = bytearray((copied / WEIGHTS_NAME).read_bytes())
    weights[-1] ^= 1
    (copied / WEIGHTS_NAME).write_bytes(weights)
    with pytest.raises(InputRejected):
        TrainedSystem(replace(run, folder=copied, settings={**run.settings, "output_dir": str(copied)}))


def test_trees_have_no_weights_and_every_model_its_own_digest(bench: Bench) -> None:
    systems = [opened(bench, name) for name in SYSTEMS]
    assert [system.parameters > 0 for system in systems] == [True, True, False]
    assert len({system.digest for system in systems}) == len(systems)
