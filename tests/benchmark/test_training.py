"""Trainings are planned once, kept when finished, and refused when they would mix settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from monai_app.benchmark.profiles import Profile
from monai_app.benchmark.systems import chosen_systems
from monai_app.benchmark.training import Run, planned_runs, train_all, training_seconds
from monai_app.core.errors import InputRejected
from monai_app.engines.bundle import Workflow
from tests.benchmark.configuration import merged


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The settings of each training that ran; ``{"kill": True}`` at the end kills the next one."""
    done: list[dict[str, Any]] = []

    def run(settings: dict[str, Any]) -> None:
        if done and done[-1].pop("kill", False):
            raise KeyboardInterrupt
        done.append(settings)

    monkeypatch.setattr("monai_app.benchmark.training.open_workflow", lambda *_, settings, **__: settings)
    monkeypatch.setattr("monai_app.benchmark.training.run_workflow", run)
    return done


def planned(
    folder: Path, *systems: str, cohort: str = "1", seeds: int = 2, more: dict[str, Any] | None = None, **settings: Any
) -> list[Run]:
    place = folder / f"cohort{cohort}"
    place.mkdir(exist_ok=True)
    (place / "cohort.json").write_text(f'{{"version": {cohort}}}')
    return planned_runs(
        "multimodal_diagnosis",
        [place] * seeds,
        folder / "out",
        systems=chosen_systems(systems or ["early"]),
        profile=Profile.SMALL,
        tasks=["death"],
        settings=settings | (more or {}),
    )


def test_a_run_a_system_and_seed_each_in_its_folder(tmp_path: Path) -> None:
    runs = planned(tmp_path, "early", "draf_uniform", width=16)
    assert [(run.system.name, run.settings["seed"]) for run in runs] == [
        (name, seed) for name in ("early", "draf_uniform") for seed in (0, 1)
    ]
    assert len({run.folder for run in runs}) == 4 and runs[2].overlays == ["fusion_draf"]
    assert runs[2].settings["fusion::weighting"] == "uniform" and "fusion::weighting" not in runs[0].settings
    assert {run.settings["width"] for run in runs} == {16}


def test_a_training_gets_only_what_its_configuration_has(tmp_path: Path, trainings: list[dict[str, Any]]) -> None:
    train_all(planned(tmp_path, "early", "haim", seeds=1, more={"trees_trainer::rounds": 3}), jobs=1)
    network, trees = trainings
    assert "trees_trainer::rounds" not in network and trees["trees_trainer::rounds"] == 3
    for chosen, overlay in ((network, "fusion_early"), (trees, "fusion_haim")):
        assert {key.split("::")[0] for key in chosen} <= set(merged(Workflow.TRAIN, overlay))


def test_a_setting_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="SETTING_UNKNOWN"):
        planned(tmp_path, "early", max_epoch=3)
    with pytest.raises(InputRejected, match="SETTING_UNKNOWN"):
        planned(tmp_path, "early", more={"trees_trainer::rounds": 3})


def test_what_is_trained_is_skipped_and_told_of(tmp_path: Path, trainings: list[dict[str, Any]]) -> None:
    train_all(planned(tmp_path, seeds=1), jobs=1)
    told: list[int] = []
    runs = planned(tmp_path, seeds=2)
    train_all(runs, jobs=1, on_done=lambda run: told.append(run.seed))
    assert [chosen["seed"] for chosen in trainings] == [0, 1] and told == [0, 1]
    assert training_seconds(runs[0]) >= 0


@pytest.mark.parametrize("changed", [{"width": 8}, {"cohort": "2"}])
def test_a_folder_of_other_settings_or_data_is_refused(
    tmp_path: Path, trainings: list[dict[str, Any]], changed: dict[str, Any]
) -> None:
    train_all(planned(tmp_path), jobs=1)
    with pytest.raises(InputRejected, match="BENCHMARK_CHANGED"):
        train_all(planned(tmp_path, **changed), jobs=1)
    assert len(trainings) == 2


def test_a_kill_between_trainings_goes_on_with_the_next(tmp_path: Path, trainings: list[dict[str, Any]]) -> None:
    runs = planned(tmp_path, seeds=3)
    train_all(runs[:1], jobs=1)
    trainings[-1]["kill"] = True
    with pytest.raises(KeyboardInterrupt):
        train_all(runs, jobs=1)
    train_all(runs, jobs=1)
    assert [chosen["seed"] for chosen in trainings] == [0, 1, 2]
