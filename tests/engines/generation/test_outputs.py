"""What an inference writes: arrays or NIfTI, a sheet, and a record that says synthetic and flags strange conditions."""

from __future__ import annotations

import io
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from monai_app.cohort.condition_columns import with_ranges
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.engines.generation.outputs import nifti, sheet, write_samples
from monai_app.generate.sampling import Drawing
from tests.engines.tiny import SPEC, tiny_items


def test_films_are_arrays_a_sheet_and_a_record(tmp_path: Path) -> None:
    items = tiny_items(3)
    spec = with_ranges(SPEC, items)
    items[1] = {**items[1], "table": np.array([[1e4], [0.0]], np.float32)}
    images = np.random.default_rng(0).random((3, 2, 16, 16)).astype(np.float32)
    told = write_samples(images, items, spec, Drawing(), out_dir=tmp_path / "out", seed=5)
    assert told["outside_training_range"] == 1 and "SYNTHETIC" in told["notice"] and told["drawing"]["steps"] == 10
    stored = np.load(io.BytesIO((tmp_path / "out" / "samples.npz").read_bytes()))["images"]
    assert np.array_equal(stored, images)
    record = read_json(tmp_path / "out" / "samples.json")
    assert [case["outside_training_range"] for case in record["by_case"]] == [[], ["age"], []]
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        write_samples(images, items, spec, Drawing(), out_dir=tmp_path / "out", seed=5)


def test_volumes_are_nifti_of_their_own_spacing_and_say_that_they_are_synthetic(tmp_path: Path) -> None:
    volumes = np.random.default_rng(0).random((1, 2, 4, 5, 6)).astype(np.float32)
    write_samples(volumes, [{}], object(), Drawing(), out_dir=tmp_path / "out", seed=0, spacing_mm=(2, 3, 4))
    image = nibabel.load(tmp_path / "out" / "case0000_01.nii.gz")
    assert np.allclose(np.asarray(image.dataobj), volumes[0, 1])  # type: ignore[attr-defined]
    assert image.header.get_zooms() == (2, 3, 4) and b"SYNTHETIC" in bytes(image.header["descrip"])
    assert nifti(volumes[0, 0], (1, 1, 1)) == nifti(volumes[0, 0], (1, 1, 1))


def test_a_sheet_is_a_picture() -> None:
    images = np.zeros((2, 3, 8, 8), np.float32)
    assert Image.open(io.BytesIO(sheet(images, [{}, {}]))).size[0] > 300
