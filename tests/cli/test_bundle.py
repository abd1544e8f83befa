"""Doors to the bundles: settings are YAML, faults are typed before anything is built."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monai_app.cli.app import app
from monai_app.cli.bundle import parse_settings, training_workflow
from monai_app.core.errors import InputRejected


def test_settings_are_typed_by_yaml_and_take_monais_separator() -> None:
    pairs = ["train::trainer::max_epochs=2", "train#amp=true", "tasks=[a, b]", "name=a=b"]
    assert parse_settings(pairs) == {
        "train::trainer::max_epochs": 2,
        "train::amp": True,
        "tasks": ["a", "b"],
        "name": "a=b",
    }
    assert parse_settings(None) == {}


@pytest.mark.parametrize("pair", ["novalue", "=3", "key=[1,"])
def test_what_is_no_setting_is_refused(pair: str) -> None:
    with pytest.raises(InputRejected, match="SETTING_INVALID"):
        parse_settings([pair])


@pytest.mark.parametrize("command", ["train", "evaluate", "predict"])
def test_missing_bundle_is_exit_code_two(command: str, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, [command, str(tmp_path), "--cohort", str(tmp_path), "--json"])
    assert result.exit_code == 2
    assert json.loads(result.stdout.splitlines()[-1])["error"]["code"] == "BUNDLE_MISSING"


@pytest.mark.parametrize("command", ["train", "evaluate", "predict"])
@pytest.mark.parametrize(
    ("bundle", "given", "expected"),
    [
        ("multimodal_diagnosis", ["--datalist"], "--cohort DIR"),
        ("ct_segmentation", ["--cohort"], "--datalist FILE"),
        ("ct_segmentation", [], "--datalist FILE"),
        ("volume_classification", ["--cohort", "--datalist"], "--datalist FILE"),
    ],
)
def test_data_of_the_other_kind_are_refused(
    command: str, bundle: str, given: list[str], expected: str, tmp_path: Path
) -> None:
    data = [word for option in given for word in (option, str(tmp_path))]
    result = CliRunner().invoke(app, [command, bundle, *data, "--json"])
    error = json.loads(result.stdout.splitlines()[-1])["error"]
    assert (result.exit_code, error["code"], error["expected"]) == (2, "DATA_MISMATCH", expected)


@pytest.mark.parametrize("command", ["train", "evaluate", "predict"])
def test_unknown_fusion_names_those_there_are(command: str, tmp_path: Path) -> None:
    options = [command, "multimodal_diagnosis", "--cohort", str(tmp_path), "--fusion", "luck", "--json"]
    result = CliRunner().invoke(app, options)
    error = json.loads(result.stdout.splitlines()[-1])["error"]
    assert (result.exit_code, error["code"]) == (2, "OVERLAY_UNKNOWN") and "attention" in error["expected"]


def test_a_stage_names_its_workflow_and_an_unknown_one_lists_those_there_are() -> None:
    assert training_workflow(None) == "train" and training_workflow("autoencoder") == "train_autoencoder"
    with pytest.raises(InputRejected, match=r"STAGE_UNKNOWN.*autoencoder, diffusion"):
        training_workflow("third")
