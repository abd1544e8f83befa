from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.phantom.cohort import split_table, write_phantom
from monai_app.phantom.patient import draw_patient
from monai_app.phantom.site import EXTERNAL_SITE


def tree_hash(root: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        digest.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantom") / "three"
    write_phantom(out, patients=3, seed=0, pixel_scale=3, workers=1)
    return out


def test_the_same_seed_gives_the_same_bytes_whatever_the_workers(three: Path, tmp_path: Path) -> None:
    write_phantom(tmp_path / "again", patients=3, seed=0, pixel_scale=3, workers=3)
    assert tree_hash(tmp_path / "again") == tree_hash(three)


def test_patients_do_not_depend_on_how_many_there_are(three: Path, tmp_path: Path) -> None:
    write_phantom(tmp_path / "two", patients=2, seed=0, pixel_scale=3)
    few, many = Cohort(tmp_path / "two"), Cohort(three)
    first = pl.col("subject_id") <= 2
    assert few.images().equals(many.images().filter(first))
    assert few.splits().equals(many.splits().filter(first))
    assert few.events().collect().equals(many.events().filter(first).collect())
    assert few.labels("diagnosis").equals(many.labels("diagnosis").filter(first))


def test_another_seed_gives_other_patients(three: Path, tmp_path: Path) -> None:
    write_phantom(tmp_path / "other", patients=3, seed=1, pixel_scale=3)
    assert not Cohort(tmp_path / "other").events().collect().equals(Cohort(three).events().collect())


def test_a_cohort_opens_as_samples_with_every_label(three: Path) -> None:
    cohort = Cohort(three)
    items = split_items(cohort, None, cohort.model_spec())
    assert len(items) == 3
    for item in items:
        assert all((item[f"label_{task}"] == item[f"label_{task}"]).all() for task in cohort.tasks)
        assert item["table_present"] and item["group_sex"] in ("F", "M")
        assert not item["film_present"] or Path(item["film"]).is_file()


def test_every_mask_of_the_table_exists(three: Path) -> None:
    masks = pl.read_parquet(three / "masks.parquet")
    assert masks.height == Cohort(three).images().height
    assert all((three / path).is_file() for path in masks["mask"])


def test_splits_are_70_15_15_within_a_site_and_the_external_site_is_held_out() -> None:
    people = [draw_patient(0, number) for number in range(1200)]
    splits = dict(split_table(people).iter_rows())
    by_site: dict[str, Counter[str]] = {}
    for patient in people:
        by_site.setdefault(patient.site.name, Counter())[splits[patient.subject_id]] += 1
    assert set(by_site.pop(EXTERNAL_SITE)) == {"held_out"}
    for counts in by_site.values():
        assert counts["train"] / counts.total() == pytest.approx(0.70, abs=0.02)
        assert counts["tuning"] / counts.total() == pytest.approx(0.15, abs=0.02)


def test_numbers_that_do_not_fit_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    for patients, volumes in ((0, 0), (2, 3), (2, -1)):
        with pytest.raises(InputRejected, match="PATIENTS_INVALID"):
            write_phantom(tmp_path / "out", patients=patients, seed=0, volumes=volumes)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_cohort_is_kept_without_force(three: Path) -> None:
    before = tree_hash(three)
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        write_phantom(three, patients=1, seed=0)
    assert tree_hash(three) == before
