"""Files are compared with what was recorded when they were written."""

from __future__ import annotations

from monai_app.cohort.check.files import check_files
from monai_app.cohort.store import Cohort


def test_untouched_cohort_has_no_findings(cohort: Cohort) -> None:
    assert not list(check_files(cohort))


def test_changed_tables_are_named_and_counted(cohort: Cohort) -> None:
    for name in ("data/0.parquet", "metadata/codes.parquet"):
        path = cohort.path / name
        path.write_bytes(path.read_bytes() + b"\0")
    (finding,) = check_files(cohort)
    assert (finding.code, finding.count) == ("HASH_MISMATCH", 2)
    assert "data/0.parquet, metadata/codes.parquet" in finding.what


def test_parquet_among_the_images_is_nobodys_business(cohort: Cohort) -> None:
    (cohort.path / "images" / "notes.parquet").write_bytes(b"")
    assert not list(check_files(cohort))
