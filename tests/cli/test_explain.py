"""The door to explanations teaches its options; the whole way is run in tests/engines/test_explaining.py."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monai_app.cli.app import app


def test_help_names_the_methods_and_what_is_written() -> None:
    shown = CliRunner().invoke(app, ["explain", "--help"], env={"COLUMNS": "200"}).stdout
    assert all(word in shown for word in ("integrated_gradients", "grad_cam", "occlusion", "case.html", "SUBJECT:K"))


def test_a_bundle_that_is_not_explained_says_what_it_can(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "inference.yaml").write_text("{}")
    (tmp_path / "configs" / "common.yaml").write_text("cohort_dir: null")
    options = ["explain", str(tmp_path), "--cohort", str(tmp_path), "--case", "1", "--target", "x", "--json"]
    result = CliRunner().invoke(app, options)
    error = json.loads(result.stdout.splitlines()[-1])["error"]
    assert (result.exit_code, error["code"]) == (2, "WORKFLOW_MISSING") and "inference" in error["expected"]


@pytest.mark.parametrize("missing", ["--case", "--target", "--cohort"])
def test_what_must_be_named_is_asked_for(missing: str) -> None:
    options = {"--cohort": "c", "--case": "1", "--target": "x"}
    words = [word for key, value in options.items() if key != missing for word in (key, value)]
    assert CliRunner().invoke(app, ["explain", "multimodal_diagnosis", *words]).exit_code == 2


@pytest.mark.parametrize(
    "words",
    [
        ["--cohort", "c", "--datalist", "d", "--case", "1"],
        ["--cohort", "c", "--input", "x.nii"],
        ["--datalist", "d", "--case", "1", "--input", "x.nii"],
        ["--case", "1"],
    ],
)
def test_it_must_be_clear_what_is_to_be_explained(words: list[str]) -> None:
    result = CliRunner().invoke(app, ["explain", "ct_segmentation", "--target", "lesion", "--json", *words])
    error = json.loads(result.stdout.splitlines()[-1])["error"]
    assert (result.exit_code, error["code"]) == (2, "CASE_UNCLEAR")
