from __future__ import annotations

import gzip
from pathlib import Path

import nibabel
import numpy as np
import polars as pl
import pytest

from monai_app.cohort.datalist import read_datalist
from monai_app.cohort.datalist_sources import PHANTOM_STRUCTURES, list_folder, list_phantom
from monai_app.core.errors import InputRejected
from monai_app.phantom.anatomy import Lesion, Organ
from monai_app.phantom.cohort import write_phantom


def folder(root: Path, splits: str, names: str = "abc") -> Path:
    for kind in ("images", "labels"):
        (root / kind).mkdir(parents=True)
        for name in names:
            (root / kind / f"{name}.nii.gz").touch()
    (root / "splits.csv").write_text("id,split\n" + splits)
    return root


def test_a_folder_with_splits_becomes_a_data_list(tmp_path: Path) -> None:
    counts = list_folder(folder(tmp_path / "data", "b,val\na,train\nc,test\n"), tmp_path / "list.json")
    assert counts == {"training": 1, "validation": 1, "test": 1}
    assert [item["patient"] for item in read_datalist(tmp_path / "list.json")] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("splits", "code"), [("a,somewhere\n", "SPLITS_INVALID"), ("a,train\nz,test\n", "LABEL_MISSING")]
)
def test_unusable_folders_are_refused(tmp_path: Path, splits: str, code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        list_folder(folder(tmp_path / "data", splits), tmp_path / "list.json")


def test_a_phantom_cohort_becomes_one_label_map_a_series(tmp_path: Path) -> None:
    cohort = tmp_path / "cohort"
    write_phantom(cohort, patients=2, seed=3)
    subject = int(pl.read_parquet(cohort / "metadata" / "subject_splits.parquet")["subject_id"][0])
    organs = np.array([[[int(organ) for organ in Organ]]], dtype=np.uint8)
    lesions = np.zeros_like(organs)
    lesions[..., Organ.LUNG_LEFT] = Lesion.EFFUSION
    rows = []
    for content, labels in (("organs", organs), ("lesions", lesions)):
        (cohort / f"{content}.nii.gz").write_bytes(gzip.compress(nibabel.Nifti1Image(labels, np.eye(4)).to_bytes()))
        rows.append((subject, "ct/one", content, f"{content}.nii.gz"))
    pl.DataFrame(rows, schema=["subject_id", "image", "content", "mask"], orient="row").write_parquet(
        cohort / "masks.parquet"
    )
    assert sum(list_phantom(cohort, tmp_path / "list").values()) == 1
    (item,) = read_datalist(tmp_path / "list" / "dataset.json")
    assert item["image"] == str(cohort.resolve() / "images" / "ct" / "one")
    joined = np.asarray(nibabel.load(item["label"]).dataobj)[0, 0]
    names = {organ: "background" if value == 0 else PHANTOM_STRUCTURES[value - 1] for organ, value in enumerate(joined)}
    assert names[Organ.LUNG_LEFT] == "lesion"
    assert names[Organ.LUNG_RIGHT] == "lung_right" and names[Organ.BONE] == "bone"
    assert names[Organ.SOFT_TISSUE] == names[Organ.MEDIASTINUM] == "background"


def test_a_cohort_without_volumes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="VOLUMES_MISSING"):
        list_phantom(tmp_path, tmp_path / "list")
