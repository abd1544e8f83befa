"""The shortcut tests end to end on a tiny model: files, rows, and the conditions that were asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from monai_app.benchmark.shortcut_run import BORDER_SEVERITIES, FilmModel, run_shortcuts
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.core.resources import resource
from monai_app.engines.bundle import Workflow, open_workflow, typed_errors
from monai_app.engines.model_folder import write_model
from monai_app.phantom.cohort import write_phantom

BUNDLE = resource("bundles", "cxr_classification")
SETTINGS = {"film_size_px": 64, "width": 16, "encoder": "resnet18"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A phantom cohort, and the folder of an untrained model for its films."""
    folder = tmp_path_factory.mktemp("shortcuts")
    write_phantom(folder / "cohort", patients=24, seed=2)
    return folder / "cohort", written_model(folder / "cohort", folder / "model")


def written_model(cohort: Path, folder: Path, **more: Any) -> Path:
    """An untrained model of the bundle."""
    settings = {**SETTINGS, "cohort_dir": str(cohort), "output_dir": str(folder), **more}
    parser = open_workflow(BUNDLE, Workflow.TRAIN, settings=settings).parser
    with typed_errors():
        write_model(folder, parser.get_parsed_content("network"), parser.get_parsed_content("spec"))
    return folder


def test_every_condition_has_its_rows_and_the_films_own_moves_nothing(model: tuple[Path, Path], tmp_path: Path) -> None:
    stages: list[str] = []
    found = run_shortcuts(
        "cxr_classification", model[0], tmp_path, seed=2, model_dir=model[1], films=3, resamples=20, settings=SETTINGS,
        on_stage=stages.append,
    )  # fmt: skip
    conditions = {"own", "none", "swapped", *(f"border marker {severity}" for severity in BORDER_SEVERITIES)}
    assert {row["condition"] for row in found["markers"]} == conditions and len(stages) == 2
    moved = {name: max(r["moved_most"] for r in found["markers"] if r["condition"] == name) for name in conditions}
    assert moved["own"] == 0 and all(moved[name] > 0 for name in conditions - {"own"})
    assert read_json(tmp_path / "shortcuts.json")["films"] == found["films"] == 3
    assert pl.read_csv(tmp_path / "shortcuts.csv").height == len(found["markers"])
    assert {"pneumonia", "mortality"} <= {row["label"] for row in found["projection"]}


def test_a_model_that_sees_no_films_is_refused(model: tuple[Path, Path], tmp_path: Path) -> None:
    written = written_model(model[0], tmp_path, modalities=["table"])
    with pytest.raises(InputRejected, match="NO_FILMS"):
        FilmModel.opened(str(BUNDLE), model[0], model_dir=written, settings={**SETTINGS, "modalities": ["table"]})
