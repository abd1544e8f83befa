"""Each fault is found under its own code, and a sound cohort has none."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from PIL import Image

from monai_app.cohort.check.findings import Severity
from monai_app.cohort.check.run import CheckResult, check_cohort
from monai_app.cohort.spec import NoteSpec
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import CohortContent, write_cohort
from tests.faults.cohorts import MODALITIES, event, png, small_content, usual_rows


def codes_of(result: CheckResult) -> dict[str, int]:
    """Findings by code with their counts."""
    return {finding.code: finding.count for finding in result.findings}


def rewrite(path: Path, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    change(pl.read_parquet(path)).write_parquet(path)


def test_a_sound_cohort_has_no_errors(cohort: Cohort) -> None:
    result = check_cohort(cohort)
    assert not result.failed
    assert set(codes_of(result)) == {"LABEL_CONSTANT", "MODALITY_EMPTY_IN_SPLIT"}, "four patients vary little"
    assert result.counts["patients"] == 4 and result.counts["images"] == 3


def with_rows(*more: Any) -> CohortContent:
    return small_content(rows=[*usual_rows(), *more])


def without_units() -> CohortContent:
    content = small_content()
    content.codes = content.codes.with_columns(unit=pl.lit(None, pl.String))
    return content


def with_other_unit() -> CohortContent:
    content = small_content()
    unit = pl.when(pl.col("code") == "HR").then(pl.lit("furlong")).otherwise(pl.col("unit"))
    content.codes = content.codes.with_columns(unit=unit)
    return content


def with_empty_modality() -> CohortContent:
    content = small_content()
    modalities = MODALITIES.model_copy(update={"note": NoteSpec(codes=("NOTE//nobody",))})
    content.record = content.record.model_copy(update={"modalities": modalities})
    return content


def with_same_film(subject: int) -> CohortContent:
    content = small_content()
    content.image_files = {**content.image_files, f"{subject}.png": content.image_files["1.png"]}
    return content


def with_rescaled_film(subject: int) -> CohortContent:
    content = small_content()
    content.image_files = {"1.png": png(0, 200), "2.png": png(1), "3.png": png(2)} | {f"{subject}.png": png(0, 260)}
    return content


def black() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (20, 20)).save(stream, "png")
    return stream.getvalue()


BUILT: dict[str, tuple[Callable[[], CohortContent], dict[str, int]]] = {
    "events after death": (
        lambda: with_rows(event(1, 5, "MEDS_DEATH"), event(1, 40, "HR", 70)),
        {"EVENTS_AFTER_DEATH": 1, "EVENTS_FILED_AFTER_DEATH": 1, "PREDICTION_AFTER_DEATH": 1},
    ),
    "no units": (without_units, {"UNIT_MISSING": 4}),
    "an unused number without a unit": (lambda: with_rows(event(1, 1, "ODD", 1.0)), {"UNIT_MISSING_UNUSED": 1}),
    "another unit": (with_other_unit, {"UNIT_MISMATCH": 1, "UNIT_UNKNOWN": 1}),
    "an empty modality": (with_empty_modality, {"MODALITY_EMPTY": 1}),
    "the same file in two splits": (lambda: with_same_film(3), {"IMAGE_UNDER_TWO_PATIENTS": 1}),
    "the same picture in two splits": (lambda: with_rescaled_film(3), {"LOOKALIKE_ACROSS_SPLITS": 1}),
    "the same picture in one split": (lambda: with_rescaled_film(2), {"LOOKALIKE_WITHIN_SPLIT": 1}),
    "a black film": (
        lambda: small_content(image_files={"1.png": png(0), "2.png": png(1), "3.png": black()}),
        {"NO_CONTENT": 1},
    ),
    "a film that is none": (
        lambda: small_content(image_files={"1.png": png(0), "2.png": png(1), "3.png": b"GIF"}),
        {"IMAGE_UNREADABLE": 1},
    ),
}


@pytest.mark.parametrize("fault", BUILT)
def test_a_fault_of_the_source_is_found(tmp_path: Path, fault: str) -> None:
    make, expected = BUILT[fault]
    write_cohort(tmp_path / "c", make())
    found = codes_of(check_cohort(Cohort(tmp_path / "c")))
    assert {code: found.get(code) for code in expected} == expected


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "a patient in two splits": (
        lambda c: rewrite(
            c / "metadata/subject_splits.parquet",
            lambda e: pl.concat([e, e.head(1).with_columns(split=pl.lit("tuning"))]),
        ),
        "SUBJECT_IN_TWO_SPLITS",
    ),
    "a patient without split": (
        lambda c: rewrite(c / "metadata/subject_splits.parquet", lambda e: e.head(3)),
        "SPLIT_MISSING",
    ),
    "an unknown split": (
        lambda c: rewrite(c / "metadata/subject_splits.parquet", lambda e: e.with_columns(split=pl.lit("test"))),
        "SPLIT_UNKNOWN",
    ),
    "changed events": (lambda c: rewrite(c / "data/0.parquet", lambda e: e.head(5)), "HASH_MISMATCH"),
    "a missing label table": (lambda c: (c / "labels/stay/value.parquet").unlink(), "FILE_MISSING"),
    "a second shard that is cut off": (lambda c: (c / "data/1.parquet").write_bytes(b"PAR1"), "COHORT_INCOMPLETE"),
    "a table too many": (lambda c: rewrite_copy(c), "FILE_UNLISTED"),
    "an image that is gone": (lambda c: (c / "images/1.png").unlink(), "IMAGE_MISSING"),
    "an image that was changed": (lambda c: (c / "images/1.png").write_bytes(png(9)), "IMAGE_CHANGED"),
    "a path that escapes": (
        lambda c: rewrite(c / "images.parquet", lambda e: e.with_columns(path=pl.lit("../cohort.json"))),
        "PATH_ESCAPES",
    ),
    "a label outside its set": (
        lambda c: rewrite(c / "labels/place/value.parquet", lambda e: e.with_columns(categorical_value=pl.lit("moon"))),
        "LABEL_OUTSIDE_SET",
    ),
}


def rewrite_copy(folder: Path) -> None:
    (folder / "data" / "1.parquet").write_bytes((folder / "data" / "0.parquet").read_bytes())


@pytest.mark.parametrize("fault", SPOILT)
def test_a_fault_of_the_directory_is_found(cohort: Cohort, fault: str) -> None:
    spoil, code = SPOILT[fault]
    spoil(cohort.path)
    result = check_cohort(cohort)
    assert code in codes_of(result)
    assert result.failed is (code != "FILE_UNLISTED")


def test_findings_come_worst_first_and_name_nobody(tmp_path: Path) -> None:
    content = with_rows(event(1, 5, "MEDS_DEATH"), event(1, 40, "HR", 70), event(1, 1, "ODD", 1.0))
    write_cohort(tmp_path / "c", content)
    findings = check_cohort(Cohort(tmp_path / "c")).findings
    ranks = [list(Severity).index(finding.severity) for finding in findings]
    assert ranks == sorted(ranks) and len(set(ranks)) > 1
    assert str(tmp_path) not in str(findings)


def test_a_label_that_never_varies_is_a_warning(tmp_path: Path) -> None:
    write_cohort(tmp_path / "c", small_content())
    finding = next(f for f in check_cohort(Cohort(tmp_path / "c")).findings if f.code == "LABEL_CONSTANT")
    assert finding.severity is Severity.WARNING and "death in tuning" in finding.what
