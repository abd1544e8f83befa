from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import nibabel
import numpy as np
import polars as pl
import pytest

from monai_app.core.atomic import sha256_file
from monai_app.core.errors import AppError, InputRejected
from monai_app.inference import outputs
from monai_app.inference.model import EXACT
from monai_app.inference.outputs import Result, write_result
from monai_app.inference.run import segment_source
from monai_app.inference.source import Source
from monai_app.inference.stages import Stages
from tests.inference.tiny import AFFINES, CLASSES, model, volume


@pytest.fixture(scope="module")
def result() -> Result:
    scan = replace(volume(affine=AFFINES["oblique"]), provenance={"reader": "test"})
    return segment_source(Source(scan, {"kind": "file", "sha256": "0" * 64}), model(), EXACT)


def test_labels_come_back_on_the_grid_of_the_volume(result: Result, tmp_path: Path) -> None:
    write_result(tmp_path / "out", result, stages=Stages())
    image = nibabel.load(tmp_path / "out" / "labels.nii.gz")
    assert np.array_equal(np.asanyarray(image.dataobj), result.segmentation.labels)
    assert image.get_data_dtype() == np.uint8
    for affine, code in (image.get_sform(coded=True), image.get_qform(coded=True)):
        assert code == 1
        np.testing.assert_allclose(affine, result.volume.affine_ras, atol=1e-5)


def test_manifest_tells_stages_and_hashes_of_everything(result: Result, tmp_path: Path) -> None:
    write_result(tmp_path / "out", result, stages=result.segmentation.stages)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    for name, digest in manifest["outputs"].items():
        assert sha256_file(tmp_path / "out" / name) == digest
    assert set(manifest["outputs"]) == {path.name for path in (tmp_path / "out").iterdir()} - {"manifest.json"}
    assert {"resample", "windows", "labels", "preview"} <= {row["stage"] for row in manifest["stages"]}
    assert manifest["note"] == "not for diagnosis"
    assert manifest["options"]["precision_used"] == "fp32"


def test_measurements_are_the_same_in_both_forms(result: Result, tmp_path: Path) -> None:
    write_result(tmp_path / "out", result, stages=Stages())
    table = pl.read_csv(tmp_path / "out" / "measurements.csv")
    rows = json.loads((tmp_path / "out" / "measurements.json").read_text())["measurements"]
    assert table["structure"].to_list() == list(CLASSES[1:])
    assert table["volume_ml"].to_list() == pytest.approx([row["volume_ml"] for row in rows])


def test_nothing_is_left_when_a_part_fails(result: Result, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_arguments: object, **_keywords: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(outputs, "preview", full)
    with pytest.raises(AppError, match="WRITE_FAILED"):
        write_result(tmp_path / "out", result, stages=Stages())
    assert not list(tmp_path.iterdir())


def test_an_output_that_exists_is_kept(result: Result, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").touch()
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        write_result(tmp_path / "out", result, stages=Stages())
    assert (tmp_path / "out" / "mine").exists()
