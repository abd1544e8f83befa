"""MIMIC-CXR-JPG tables on their own: views decide labels, uncertain is unlabelled, names cannot be paths."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.sources.mimic_cxr import (
    TASK,
    has_films,
    image_root,
    official_splits,
    radiology_labels,
    read_films,
)
from monai_app.cohort.sources.source_files import SourceFolder
from monai_app.core.errors import InputRejected

FINDINGS = (
    "Atelectasis,Cardiomegaly,Consolidation,Edema,Enlarged Cardiomediastinum,Fracture,Lung Lesion,Lung Opacity,"
    "No Finding,Pleural Effusion,Pleural Other,Pneumonia,Pneumothorax,Support Devices"
)
TABLES = {
    "metadata": """dicom_id,subject_id,study_id,ViewPosition,StudyDate,StudyTime
aa,10000032,50,AP,21800702,33014.531
ab,10000032,50,LATERAL,21800702,33015.0
ac,10000032,51,LATERAL,21800703,1.5
bb,10000048,60,PA,21500202,235959""",
    "chexpert": f"subject_id,study_id,{FINDINGS}\n10000032,50,1.0,,0.0,-1.0{',' * 10}\n10000032,51,1.0{',' * 13}",
    "split": "dicom_id,study_id,subject_id,split\naa,50,10000032,train\nbb,60,10000048,validate",
}
SUBJECTS = pl.Series([10000032])


def folder(root: Path, under: str = "", **changes: str) -> SourceFolder:
    for name, text in (TABLES | changes).items():
        path = root / under / f"mimic-cxr-2.0.0-{name}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\n")
    for study, name in ((50, "aa"), (50, "ab"), (51, "ac")):
        film = root / under / f"files/p10/p10000032/s{study}/{name}.jpg"
        film.parent.mkdir(parents=True, exist_ok=True)
        film.write_bytes(b"")
    return SourceFolder(root)


@pytest.mark.parametrize("under", ["", "mimic-cxr-jpg", "cxr"])
def test_films_are_found_where_the_downloads_put_them(tmp_path: Path, under: str) -> None:
    source = folder(tmp_path, under)
    assert has_films(source) and image_root(source) == (tmp_path / under).resolve()


def test_films_of_other_patients_are_left_out(tmp_path: Path) -> None:
    films, (left_out,) = read_films(folder(tmp_path), SUBJECTS)
    assert films["path"].to_list() == [
        f"files/p10/p10000032/s{s}/{n}.jpg" for s, n in ((50, "aa"), (50, "ab"), (51, "ac"))
    ]
    assert films["time"][2] == datetime(2180, 7, 3, 0, 0, 1) and left_out.endswith(": 0")


def test_films_that_are_nowhere_on_disk_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"IMAGE_MISSING.*0 of 1"):
        read_films(folder(tmp_path), pl.Series([10000048]))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [("aa,", "../aa,", "PATH_ESCAPES"), ("aa,", "a..a,", "PATH_ESCAPES"), ("21800702,3", "2180,3", "VALUE_INVALID")],
)
def test_faulty_metadata_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        read_films(folder(tmp_path, metadata=TABLES["metadata"].replace(old, new)), SUBJECTS)


def test_studies_without_a_frontal_film_have_no_labels(tmp_path: Path) -> None:
    source = folder(tmp_path)
    labels = radiology_labels(source, read_films(source, SUBJECTS)[0])
    assert set(labels) == set(TASK.classes)
    assert labels["atelectasis"].rows() == [(10000032, datetime(2180, 7, 2, 3, 30, 14), True)]


def test_uncertain_is_unlabelled_and_not_mentioned_is_absent(tmp_path: Path) -> None:
    source = folder(tmp_path)
    labels = radiology_labels(source, read_films(source, SUBJECTS)[0])
    assert labels["oedema"]["value"].to_list() == [None]
    assert labels["consolidation"]["value"].to_list() == labels["fracture"]["value"].to_list() == [False]


def test_other_marks_are_refused(tmp_path: Path) -> None:
    source = folder(tmp_path, chexpert=TABLES["chexpert"].replace("50,1.0", "50,2"))
    with pytest.raises(InputRejected, match="LABEL_OUTSIDE_SET"):
        radiology_labels(source, read_films(source, SUBJECTS)[0])


def test_official_split_wins_and_others_keep_theirs(tmp_path: Path) -> None:
    others = pl.DataFrame({"subject_id": [10000048, 7], "split": ["train", "held_out"]})
    assert official_splits(folder(tmp_path), others)[0].rows() == [(10000048, "tuning"), (7, "held_out")]


@pytest.mark.parametrize(
    ("more", "code"), [("\ncc,9,9,dev", "SPLIT_UNKNOWN"), ("\nac,51,10000032,test", "SUBJECT_IN_TWO_SPLITS")]
)
def test_faulty_splits_are_refused(tmp_path: Path, more: str, code: str) -> None:
    others = pl.DataFrame({"subject_id": [1], "split": ["train"]})
    with pytest.raises(InputRejected, match=code):
        official_splits(folder(tmp_path, split=TABLES["split"] + more), others)
