"""One case through the bundle, as `monai-app explain` runs it; what cannot be found is refused with a code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
import torch
from typer.testing import CliRunner

from monai_app.cli.app import app
from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource
from monai_app.engines.bundle import Workflow, open_workflow, system_overlays
from monai_app.engines.explaining import case_row, explainable_model, prior_of
from monai_app.engines.model_folder import write_model
from monai_app.explain.target import find_target
from monai_app.phantom.cohort import write_phantom

BUNDLE = resource("bundles", "multimodal_diagnosis")
TINY = {"film_size_px": 64, "encoders::film": "statistics", "encoders::series": "statistics"}
TINY |= {"note_encoder": "bag", "width": 16}


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    write_phantom(folder, patients=24, seed=0)
    return folder


@pytest.fixture(scope="module")
def model(cohort: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained network, whose normalisation is fitted."""
    folder = tmp_path_factory.mktemp("model")
    settings = {"cohort_dir": str(cohort), "output_dir": str(folder), **TINY}
    parser = open_workflow(BUNDLE, Workflow.TRAIN, overlays=system_overlays(BUNDLE, "mda"), settings=settings).parser
    write_model(folder, parser.get_parsed_content("network"), parser.get_parsed_content("spec"))
    return folder


def explain(cohort: Path, model: Path, out: Path, *more: str, **options: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the last line of `monai-app explain --json`."""
    masks = pl.read_parquet(cohort / "masks.parquet")
    chosen = {"case": str(masks["subject_id"][0]), "target": "diagnosis/pneumonia", "method": "occlusion"} | options
    words = ["explain", "multimodal_diagnosis", "--cohort", str(cohort), "--model", str(model), "--out", str(out)]
    words += ["--fusion", "mda", "--json"]
    for key, value in TINY.items():
        words += ["--set", f"{key}={value}"]
    for key, value in chosen.items():
        words += [f"--{key}", value]
    result = CliRunner().invoke(app, [*words, *more])
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def test_a_case_is_explained_from_the_command_line(cohort: Path, model: Path, tmp_path: Path) -> None:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    code, found = explain(cohort, model, tmp_path / "out", region="heart")
    torch.set_num_threads(threads)
    assert code == 0, found
    record = json.loads((tmp_path / "out" / "attribution.json").read_text())
    assert Path(found["page"]).read_text().count("<h2>") == 8
    assert set(record["maps"]) | set(record["absent"]) == {"film", "series", "table", "note"}
    assert record["maps"]["film"]["believability"]["regions"][0]["region"] == "heart"
    assert record["modalities"]["prior"]["source"] == "the prevalence in the train split"
    assert all("train median" in record["maps"][n]["baseline"] for n in ("series", "table") if n in record["maps"])
    again, refused = explain(cohort, model, tmp_path / "out")
    assert (again, refused["error"]["code"]) == (2, "OUTPUT_EXISTS")


@pytest.mark.parametrize(
    ("option", "value", "code"),
    [
        ("target", "luck", "LABEL_UNKNOWN"),
        ("method", "luck", "METHOD_UNKNOWN"),
        ("case", "999999", "CASE_UNKNOWN"),
        ("region", "luck", "REGION_UNKNOWN"),
    ],
)
def test_what_is_unknown_is_refused_and_nothing_written(
    option: str, value: str, code: str, cohort: Path, model: Path, tmp_path: Path
) -> None:
    status, found = explain(cohort, model, tmp_path / "out", **{option: value})
    assert (status, found["error"]["code"]) == (2, code) and not (tmp_path / "out").exists()


def test_case_is_named_by_subject_and_number_of_its_time() -> None:
    items = [{"subject_id": subject} for subject in (3, 7, 7)]
    assert [case_row(items, name) for name in ("3", 3, "7:1", "7:2")] == [0, 0, 1, 2]
    with pytest.raises(InputRejected, match=r"CASE_AMBIGUOUS.*got 2"):
        case_row(items, "7")
    for name in ("7:3", "7:0", "7:x", "8", None):
        with pytest.raises(InputRejected, match="CASE_UNKNOWN"):
            case_row(items, name)


def test_folder_of_trees_is_refused(tmp_path: Path) -> None:
    (tmp_path / "trees.json").write_text("{}")
    with pytest.raises(InputRejected, match="EXPLAIN_UNSUPPORTED"):
        explainable_model(torch.nn.Linear(1, 1), tmp_path)


def test_prior_is_what_is_expected_before_any_data(cohort: Path) -> None:
    def spec(*tasks: dict[str, Any]) -> ModelSpec:
        return ModelSpec.model_validate({"modalities": {}, "tasks": tasks})

    network = torch.nn.Identity()
    binary = spec({"name": "death", "kind": "binary"})
    train = [{"label_death": np.array([value], np.float32)} for value in (0, 0, 0, 1)]
    found = prior_of(find_target(binary, "death"), train, binary, network)
    assert found.score == pytest.approx(np.log(1 / 3), abs=1e-5) and "train" in found.source
    unlabelled = [{"label_death": np.array([np.nan], np.float32)}] * 2  # of a site that has not this task
    for nothing in ([], unlabelled):
        even = prior_of(find_target(binary, "death"), nothing, binary, network)
        assert even.score == 0 and "no prevalence" in even.source
    stay = spec({"name": "stay", "kind": "regression", "unit": "d"})
    days = [{"label_stay": np.array([value], np.float32)} for value in (2, 4)]
    assert prior_of(find_target(stay, "stay"), days, stay, network).score == pytest.approx(3)
    lived = spec({"name": "t", "kind": "survival", "unit": "d", "bin_edges": (1.0, 3.0)})
    times = [{"label_t": np.array(row, np.float32)} for row in ([0.5, 1], [2, 1], [4, 0], [4, 0], [np.nan, np.nan])]
    risk = prior_of(find_target(lived, "t/by_3"), times, lived, network).score
    assert 1 / (1 + np.exp(-risk)) == pytest.approx(0.5)


def test_several_methods_tell_where_they_agree(cohort: Path, model: Path, tmp_path: Path) -> None:
    more = ("--method", "integrated_gradients", "--film-baseline", "mean")
    code, found = explain(cohort, model, tmp_path / "why", *more)
    assert code == 0, found
    record = json.loads((tmp_path / "why" / "attribution.json").read_text())
    assert record["maps"]["film"]["baseline"] == "the mean film of the train split"
    assert record["agreement"]["film"]["methods"] == ["occlusion", "integrated_gradients"]
    assert {"film_agreement.png", "film_agreement.nii.gz", "film_disagreement.nii.gz"} <= set(record["files"])
    assert "Do the methods agree?" in (tmp_path / "why" / "case.html").read_text()


def test_a_decoy_is_told_by_its_key_alone(cohort: Path, model: Path, tmp_path: Path) -> None:
    keys = {}
    for arm in ("decoy", "blind"):
        code, found = explain(cohort, model, tmp_path / f"{arm}_arm", f"--{arm}")
        assert code == 0, found
        assert "decoy" not in (tmp_path / f"{arm}_arm" / "case.html").read_text().lower()
        keys[arm] = json.loads((tmp_path / f"{arm}_arm.key.json").read_text())["decoy"]
        code, found = explain(cohort, model, tmp_path / f"{arm}_arm", f"--{arm}")
        assert (code, found["error"]["code"]) == (2, "OUTPUT_EXISTS")
    assert keys == {"decoy": True, "blind": False}
