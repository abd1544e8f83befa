from __future__ import annotations

import gzip
import json
from pathlib import Path

import nibabel
import numpy as np
import polars as pl
import torch

from monai_app.core.loading import save_weights
from monai_app.engines.volumes.evaluator import VolumeEvaluator
from monai_app.engines.volumes.inferer import VolumeInferer
from monai_app.engines.volumes.segmentation_files import label_file, segment_datalist
from monai_app.phantom.balls import write_balls
from tests.engines.volumes.tiny import SPEC, tiny_loader, tiny_network

AFFINE = np.array([[0, -2.0, 0, 5], [1.5, 0, 0, -3], [0, 0, 4, 1], [0, 0, 0, 1.0]])


def test_a_label_file_reads_back_as_it_was_in_both_of_its_frames() -> None:
    labels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(label_file(labels, AFFINE)))
    assert np.array_equal(np.asarray(image.dataobj), labels)
    assert np.allclose(image.get_sform(), AFFINE) and np.allclose(image.get_qform(), AFFINE, atol=1e-5)
    assert label_file(labels, AFFINE) == label_file(labels, AFFINE)


def test_every_volume_leaves_labels_and_measurements_that_agree(tmp_path: Path) -> None:
    datalist = write_balls(tmp_path / "data", volumes=(2, 1, 1), spacing_mm=(1, 1, 2))
    save_weights(tmp_path / "model.safetensors", {"a": torch.zeros(1)})
    evaluator = VolumeEvaluator(
        torch.device("cpu"), tiny_loader(datalist, "train"), tiny_network(), inferer=VolumeInferer(SPEC.patch)
    )
    told = segment_datalist(
        evaluator, spec=SPEC, model_dir=str(tmp_path), out_dir=str(tmp_path / "out"), draws=1, seed=3
    )
    assert (told["volumes"], told["unfamiliar"]) == (2, None)
    for number in range(2):
        own = tmp_path / "out" / f"{number:04d}"
        labels = np.asarray(nibabel.load(own / "labels.nii.gz").dataobj)
        record = json.loads((own / "measurements.json").read_text())
        counted = [float((labels == k).sum()) * 2 / 1000 for k in (1, 2)]
        assert [one["volume_ml"] for one in record["measurements"]] == counted
        assert (own / "preview.png").read_bytes().startswith(b"\x89PNG")
    assert pl.read_csv(tmp_path / "out" / "measurements.csv").height == 4
