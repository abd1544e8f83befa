"""Lists of synthetic heads: maps parted by name, images that lie on their labels' grid, the same for the same seed."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_app.cohort.datalist import read_datalist
from monai_app.core.errors import InputRejected
from monai_app.engines.volumes.synthetic_heads import list_heads, write_synthetic_heads
from monai_app.transforms.volume.load_volume import LoadVolumed


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    folder = tmp_path / "maps"
    folder.mkdir()
    for number in range(5):
        labels = np.zeros((12, 14, 10), np.int16)
        labels[2:10, 2:12, 2:8], labels[4:8, 4:8, 4:6] = 2, 17
        nibabel.save(nibabel.Nifti1Image(labels, np.diag([2.0, 2, 2, 1])), folder / f"head_{number}.nii.gz")
    return folder


def test_maps_are_parted_by_name_and_no_head_is_in_two_splits(maps: Path, tmp_path: Path) -> None:
    assert list_heads(maps, tmp_path / "list.json") == {"training": 1, "validation": 2, "test": 2}
    patients = [item["patient"] for item in read_datalist(tmp_path / "list.json")]
    assert sorted(patients) == [f"head_{number}" for number in range(5)]


def test_images_lie_on_the_grid_of_their_merged_labels(maps: Path, tmp_path: Path) -> None:
    list_heads(maps, tmp_path / "list.json")
    assert write_synthetic_heads(tmp_path / "list.json", tmp_path / "out", draws=2) == 10
    for item in read_datalist(tmp_path / "out" / "dataset.json", "held_out"):
        sample = LoadVolumed(["image", "label"], ["image", "label"])(item)
        assert set(np.unique(sample["label"].numpy())) <= {0, 1, 8} and sample["image"].shape == (1, 12, 14, 10)


def test_same_seed_writes_the_same_files(maps: Path, tmp_path: Path) -> None:
    list_heads(maps, tmp_path / "list.json")
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_synthetic_heads(tmp_path / "list.json", tmp_path / name, draws=1, seed=seed)
    first, again, other = ((tmp_path / name / "images" / "head_4_00.nii.gz").read_bytes() for name in "abc")
    assert first == again != other


def test_too_few_maps_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="LABEL_MAPS_MISSING"):
        list_heads(tmp_path, tmp_path / "list.json")
