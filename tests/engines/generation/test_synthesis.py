from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import polars as pl
import pydicom
import pytest

from monai_app.cohort.check.run import check_cohort
from monai_app.cohort.items import split_items
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.dicom.generated_film import Generator
from monai_app.engines.generation.synthesis import Request, synthesize
from monai_app.engines.generation.synthetic_films import DrawnFilms
from monai_app.generate.privacy.budget import Budget
from monai_app.generate.synthetic.gate import Detail
from tests.generate.synthetic.crowd import write_crowd

REQUEST = Request(60, 5, prevalence={"pneumonia": 0.6}, subgroup={"sex=F": 0.5, "site=B": 0.25})


class Noise:
    """Draws noise for every sample of a cohort that must read as one."""

    generator = Generator("test", "noise", "1")
    statements = (None,)
    unnoised = ()

    def films(self, cohort_dir: Path, seed: int) -> DrawnFilms:
        cohort = Cohort(cohort_dir)
        subjects = [item["subject_id"] for item in split_items(cohort, None, cohort.model_spec())]
        return DrawnFilms(tuple(subjects), np.random.default_rng(seed).random((len(subjects), 32, 32), np.float32))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    return write_crowd(tmp_path_factory.mktemp("crowd") / "crowd")


@pytest.fixture(scope="module")
def made(source: Cohort, tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    out = tmp_path_factory.mktemp("made") / "made"
    synthesize(source.path, out, REQUEST, draw=Noise())
    return Cohort(out)


def share(frame: pl.DataFrame, column: str) -> float:
    return float(frame[column].drop_nulls().mean() or 0.0)  # type: ignore[arg-type]


def told(cohort: Cohort, name: str) -> dict[str, object]:
    return json.loads((cohort.path / name).read_text())  # type: ignore[no-any-return]


def test_the_cohort_check_finds_no_error(made: Cohort) -> None:
    result = check_cohort(made)
    assert not result.failed, [finding.as_dict() for finding in result.findings]


def test_stated_shares_are_honoured(made: Cohort) -> None:
    events = made.events().collect()
    assert share(made.labels("diagnosis"), "pneumonia") == pytest.approx(0.6, abs=0.05)
    for code, text, wanted in (("GENDER", "F", 0.5), ("SITE", "B", 0.25)):
        here = events.filter(pl.col("code") == code)
        assert (here["text_value"] == text).mean() == pytest.approx(wanted, abs=0.06)


def test_records_follow_their_labels(made: Cohort) -> None:
    rate = made.events().filter(pl.col("code") == "HR").group_by("subject_id").agg(pl.col("numeric_value").mean())
    joined = rate.collect().join(made.labels("diagnosis"), on="subject_id")
    means = dict(joined.group_by("pneumonia").agg(pl.col("numeric_value").mean()).iter_rows())
    assert means[True] > means[False] + 15


def test_every_film_is_marked(made: Cohort) -> None:
    paths = made.images()["path"].to_list()
    assert 10 < len(paths) < 60
    for path in paths:
        film = pydicom.dcmread(made.image_path(path))
        assert film.ImageType[0] == "DERIVED" and film.SyntheticData == "YES" and film.ContributingEquipmentSequence


def test_no_patient_of_the_source_appears(source: Cohort, made: Cohort) -> None:
    real = set(source.splits()["subject_id"])
    for frame in (made.splits(), made.images(), made.events().collect(), made.labels("death")):
        assert not real & set(frame["subject_id"])


def test_the_same_seed_writes_the_same_bytes_and_another_does_not(source: Cohort, made: Cohort, tmp_path: Path) -> None:
    synthesize(source.path, tmp_path / "again", REQUEST, draw=Noise())
    synthesize(source.path, tmp_path / "other", Request(60, 6), draw=Noise())
    files = {path.relative_to(made.path) for path in made.path.rglob("*") if path.is_file()}
    assert all((tmp_path / "again" / path).read_bytes() == (made.path / path).read_bytes() for path in files)
    assert Cohort(tmp_path / "other").record.sha256 != made.record.sha256


def test_datasheet_and_privacy_report_stand_beside(made: Cohort) -> None:
    sheet, report = told(made, "datasheet.json"), told(made, "privacy_report.json")
    assert sheet["reached"]["pneumonia"] == pytest.approx(0.6, abs=0.05)  # type: ignore[index]
    assert sheet["privacy"]["differential_privacy"] is False  # type: ignore[index]
    for part in ("records", "films"):
        assert report[part]["planted"] == report[part]["planted_found"] == 20  # type: ignore[index]
    assert "SYNTHETIC" in (made.path / "DATASHEET.md").read_text()


def test_a_copy_is_found(source: Cohort, tmp_path: Path) -> None:
    class Copies(Noise):
        def films(self, cohort_dir: Path, seed: int) -> DrawnFilms:
            from monai_app.generate.privacy.film_files import film_paths, read_films

            drawn = super().films(cohort_dir, seed)
            real = read_films(film_paths(source.path, "train")[0], 32)
            return DrawnFilms(drawn.subjects, real[np.arange(len(drawn.subjects)) % len(real)])

    assert synthesize(source.path, tmp_path / "out", REQUEST, draw=Copies())["privacy_passed"] is False


def test_a_budget_refuses_what_it_does_not_cover(source: Cohort, tmp_path: Path) -> None:
    budget = Budget(1.0, 1e-5)
    for detail, code in ((Detail.FITTED, "DP_UNNOISED"), (Detail.STATED, "DP_UNCOVERED")):
        request = Request(20, prevalence={"pneumonia": 0.5}, detail=detail, budget=budget)
        with pytest.raises(InputRejected, match=code):
            synthesize(source.path, tmp_path / "out", request, draw=Noise())
    assert not (tmp_path / "out").exists()


def test_stated_records_are_written_within_a_budget_and_hold_nothing_of_a_patient(
    source: Cohort, tmp_path: Path
) -> None:
    request = Request(40, prevalence={"pneumonia": 0.5}, detail=Detail.STATED, budget=Budget(1.0, 1e-5))
    synthesize(source.path, tmp_path / "out", request)
    made = Cohort(tmp_path / "out")
    assert set(made.events().collect()["code"]) == {"GENDER"} and [t.name for t in made.record.tasks] == ["diagnosis"]
    assert "not run" in str(told(made, "privacy_report.json")["records"])
    assert not check_cohort(made).failed


@pytest.mark.parametrize(("request_", "code"), [(Request(0), "PATIENTS_INVALID"),
                                               (Request(9, prevalence={"gout": 0.1}), "TARGET_UNKNOWN")])  # fmt: skip
def test_bad_requests_are_refused(source: Cohort, tmp_path: Path, request_: Request, code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        synthesize(source.path, tmp_path / "out", request_)
