"""One small benchmark, trained and judged once a session; tests look at what it left."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from monai_app.benchmark.claims import Claim
from monai_app.benchmark.profiles import Profile
from monai_app.benchmark.run import benchmark_fusion
from monai_app.benchmark.systems import chosen_systems
from monai_app.phantom.cohort import write_phantom

SYSTEMS = ("early", "draf", "haim")
TASKS = ("mortality", "diagnosis")
SETTINGS = {
    "modalities": ["film", "table", "note"],
    "note_encoder": "bag",
    "max_epochs": 1,
    "width": 8,
    "trees_trainer::rounds": 3,
    "trees_trainer::seeds": 1,
    "trees_trainer::folds": 2,
    "trees_trainer::forest_trees": 5,
}


@dataclass
class Bench:
    """A finished benchmark; ``run`` repeats the command."""

    cohort: Path
    out: Path
    stages: list[str] = field(default_factory=list)

    def run(self) -> list[Claim]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("monai_app.benchmark.run.SEVERITIES", {Profile.SMALL: (1, 5)})
            return benchmark_fusion(
                "multimodal_diagnosis",
                self.cohort,
                self.out,
                systems=chosen_systems(SYSTEMS),
                seeds=2,
                tasks=TASKS,
                settings=SETTINGS,
                resamples=20,
                on_stage=self.stages.append,
            )


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    folder = tmp_path_factory.mktemp("benchmark")
    write_phantom(folder / "cohort", patients=24, seed=0, workers=1)
    made = Bench(folder / "cohort", folder / "out")
    made.run()
    return made
