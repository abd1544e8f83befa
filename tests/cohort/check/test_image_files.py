"""Every image of the index is opened once; faults are counted and shown by row, never by name."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from monai_app.cohort.check.image_files import check_images
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import write_cohort
from tests.faults.cohorts import png, small_content, usual_images


def test_sound_images_have_no_findings_and_each_is_counted(cohort: Cohort) -> None:
    seen: list[int] = []
    assert not list(check_images(cohort, on_image=lambda: seen.append(1)))
    assert len(seen) == 3


def test_fault_is_shown_by_its_row(cohort: Cohort) -> None:
    (cohort.path / "images" / "2.png").unlink()
    (finding,) = check_images(cohort)
    assert (finding.code, finding.count, finding.rows) == ("IMAGE_MISSING", 1, (1,))
    assert "2.png" not in str(finding)


def test_cohort_without_images_has_nothing_to_check(tmp_path: Path) -> None:
    write_cohort(tmp_path / "c", small_content(images=usual_images().clear(), image_files={}))
    assert not list(check_images(Cohort(tmp_path / "c")))


def test_same_film_twice_under_one_patient_is_no_fault(tmp_path: Path) -> None:
    images = usual_images()
    images = pl.concat([images, images.head(1).with_columns(path=pl.lit("1b.png"))])
    files = {"1.png": png(0), "1b.png": png(0), "2.png": png(1), "3.png": png(2)}
    write_cohort(tmp_path / "c", small_content(images=images, image_files=files))
    assert not list(check_images(Cohort(tmp_path / "c")))
