from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monai_app.cohort.datalist import labelled, read_datalist
from monai_app.core.errors import InputRejected


def record(name: str, **more: Any) -> dict[str, Any]:
    return {"image": f"{name}.nii.gz", "label": f"{name}_l.nii.gz", "patient": name, **more}


def written(folder: Path, **sections: Any) -> Path:
    path = folder / "dataset.json"
    path.write_text(json.dumps(sections))
    return path


def test_splits_are_taken_in_order_with_absolute_paths(tmp_path: Path) -> None:
    path = written(tmp_path, training=[record("b"), record("a")], validation=[record("c")], test=[record("d")])
    assert [item["patient"] for item in read_datalist(path, "train")] == ["b", "a"]
    assert read_datalist(path, "held_out")[0]["image"] == str(tmp_path.resolve() / "d.nii.gz")
    assert len(read_datalist(path)) == 4


def test_one_patient_in_two_splits_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, training=[record("a")], validation=[record("b")], test=[record("c", patient="a")])
    with pytest.raises(InputRejected, match="SUBJECT_IN_TWO_SPLITS") as error:
        read_datalist(path, "train")
    assert str(tmp_path) not in str(error.value)


def test_one_image_in_two_splits_is_refused_whatever_the_patient(tmp_path: Path) -> None:
    path = written(tmp_path, training=[record("a")], validation=[record("a", patient="b")])
    with pytest.raises(InputRejected, match="IMAGE_IN_TWO_SPLITS"):
        read_datalist(path, "train")


def test_a_fold_validates_where_there_is_no_validation(tmp_path: Path) -> None:
    path = written(tmp_path, training=[record("a", fold=0), record("b", fold=1), record("c", fold=0)])
    assert [item["patient"] for item in read_datalist(path, "tuning", fold=0)] == ["a", "c"]
    assert [item["patient"] for item in read_datalist(path, "train", fold=0)] == ["b"]
    with pytest.raises(InputRejected, match="DATALIST_INVALID"):
        read_datalist(path, "tuning", fold=5)


def test_a_share_of_patients_validates_whatever_the_order(tmp_path: Path) -> None:
    records = [record(f"p{k}") for k in range(60)]
    one = {item["patient"] for item in read_datalist(written(tmp_path, training=records), "tuning")}
    other = {item["patient"] for item in read_datalist(written(tmp_path, training=records[::-1]), "tuning")}
    assert one == other and 2 < len(one) < 20


def test_several_sequences_and_unlabelled_images_are_read(tmp_path: Path) -> None:
    path = written(
        tmp_path, training=[{"image": ["f.nii", "t.nii"], "label": "l.nii"}], validation=[record("b")], test=["x.nii"]
    )
    assert [Path(name).name for name in read_datalist(path, "train")[0]["image"]] == ["f.nii", "t.nii"]
    unlabelled = read_datalist(path, "held_out")
    assert "label" not in unlabelled[0]
    with pytest.raises(InputRejected, match="LABEL_MISSING.*1 of 1"):
        labelled(unlabelled)


@pytest.mark.parametrize("content", [{"training": "all"}, {"training": [{"label": "x"}]}, [1]])
def test_what_is_no_data_list_is_refused(tmp_path: Path, content: Any) -> None:
    (tmp_path / "dataset.json").write_text(json.dumps(content))
    with pytest.raises(InputRejected, match="DATALIST_INVALID"):
        read_datalist(tmp_path / "dataset.json")


def test_an_empty_split_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="SPLIT_EMPTY"):
        read_datalist(written(tmp_path, training=[record("a")], validation=[record("b")]), "held_out")
