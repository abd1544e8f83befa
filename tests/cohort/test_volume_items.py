"""Items of volumes: labels are measured on the label maps, patients keep one number, nothing unlabelled slips in."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_app.cohort.volume_items import structure_volumes, volume_items
from monai_app.cohort.volume_targets import ClassificationSpec, VolumeTarget
from monai_app.core.errors import InputRejected

SPEC = ClassificationSpec(
    modality="MR",
    spacing_mm=(1, 1, 1),
    shape=(8, 8, 8),
    targets=(
        VolumeTarget(name="any", values=(1, 2), edges_ml=(0.05,)),
        VolumeTarget(name="size", values=(2,), edges_ml=(0.01, 0.1)),
    ),
)


@pytest.fixture
def datalist(tmp_path: Path) -> Path:
    """Three label maps of 2 x 2 x 3 mm voxels with 0, 5 and 20 voxels of value 2; two are of one patient."""
    for count in (0, 5, 20):
        labels = np.zeros((5, 5, 5), np.uint8)
        labels.reshape(-1)[:count] = 2
        nibabel.save(nibabel.Nifti1Image(labels, np.diag([-2.0, 2.0, 3.0, 1.0])), tmp_path / f"{count}.nii.gz")
    records = [{"image": f"{n}-{k}.nii.gz", "label": f"{n}.nii.gz", "patient": p} for k, (n, p) in
               enumerate([(0, "a"), (5, "b"), (20, "b")])]  # fmt: skip
    content = {"training": records, "validation": [{"image": "x", "patient": "c"}], "test": [{"image": "y"}]}
    (tmp_path / "dataset.json").write_text(json.dumps(content))
    return tmp_path / "dataset.json"


def test_millilitres_follow_the_size_of_the_voxels(datalist: Path) -> None:
    assert structure_volumes(datalist.with_name("5.nii.gz"), SPEC) == pytest.approx({"any": 0.06, "size": 0.06})


def test_labels_are_the_intervals_of_the_measured_volumes(datalist: Path) -> None:
    items = volume_items(datalist, "train", SPEC)
    assert [item["label_any"].tolist() for item in items] == [[0], [1], [1]]
    assert [item["label_size"].tolist() for item in items] == [[0], [1], [2]]
    assert all(item["volume_present"] and Path(item["image"]).is_absolute() for item in items)


def test_a_patient_has_one_number_in_all_splits(datalist: Path) -> None:
    assert [item["subject_id"] for item in volume_items(datalist, "train", SPEC)] == [1, 2, 2]
    assert [item["subject_id"] for item in volume_items(datalist, "held_out", SPEC, needs_labels=False)] == [5]


def test_without_label_maps_prediction_works_and_training_is_refused(datalist: Path) -> None:
    (item,) = volume_items(datalist, "tuning", SPEC, needs_labels=False)
    assert np.isnan(item["label_any"]).all() and np.isnan(item["label_size"]).all()
    with pytest.raises(InputRejected, match="LABEL_MISSING"):
        volume_items(datalist, "tuning", SPEC)


def test_limit_takes_the_first(datalist: Path) -> None:
    assert len(volume_items(datalist, "train", SPEC, limit=2)) == 2
