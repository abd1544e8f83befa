from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from typer.testing import CliRunner, Result

from monai_app.cli.app import app
from tests.engines.volumes.tiny_bundle import bundle_folder
from tests.inference.tiny import AFFINES, volume


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    small = volume(affine=AFFINES["LPS"])
    nibabel.save(nibabel.Nifti1Image(small.array, small.affine_ras), tmp_path / "scan.nii.gz")
    return tmp_path / "scan.nii.gz"


def run(tmp_path: Path, scan: Path, *more: str) -> Result:
    folder = tmp_path / "bundle" if (tmp_path / "bundle").is_dir() else bundle_folder(tmp_path)
    words = ["segment", str(folder), "-i", str(scan), "-o", str(tmp_path / "out"), "--json", *more]
    return CliRunner().invoke(app, words)


def test_labels_lie_on_the_grid_of_the_input(tmp_path: Path, scan: Path) -> None:
    done = run(tmp_path, scan, "--compare")
    assert done.exit_code == 0, done.output
    record = json.loads(done.stdout.splitlines()[-1])
    assert set(record["volumes_ml"]) == {"heart", "liver"}
    assert record["agreement"]["equal"] > 0.5
    labels, image = nibabel.load(tmp_path / "out" / "labels.nii.gz"), nibabel.load(scan)
    assert labels.shape == image.shape
    assert np.array_equal(labels.affine, image.affine)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["bundle"]["name"] == "bundle"
    assert {"open bundle", "read", "windows", "compare"} <= {row["stage"] for row in manifest["stages"]}
    assert "scan" not in (tmp_path / "out" / "manifest.json").read_text()


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--crop", "x"], "OPTION_UNKNOWN"), (["--overlap", "2"], "OVERLAP_INVALID")],
)
def test_a_rejected_input_leaves_nothing(tmp_path: Path, scan: Path, words: list[str], code: str) -> None:
    done = run(tmp_path, scan, *words)
    assert done.exit_code == 2
    assert json.loads(done.stdout.splitlines()[-1])["error"]["code"] == code
    assert not (tmp_path / "out").exists()


def test_an_output_that_exists_needs_force(tmp_path: Path, scan: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "old").touch()
    assert run(tmp_path, scan).exit_code == 2
    assert run(tmp_path, scan, "--force").exit_code == 0
    assert not (tmp_path / "out" / "old").exists()


def test_a_missing_input_is_rejected(tmp_path: Path) -> None:
    done = run(tmp_path, tmp_path / "nothing.nii.gz")
    assert done.exit_code == 2
    assert "FILE_NOT_FOUND" in done.stdout
