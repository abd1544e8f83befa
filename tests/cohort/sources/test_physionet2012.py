"""PhysioNet 2012: small made-up sets in the source's format, then the real ones where they are."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.sources.physionet2012 import PREDICTION_TIME, build
from monai_app.cohort.store import Cohort, cohort_spec
from monai_app.cohort.writer import write_cohort
from monai_app.core.errors import InputRejected

STAYS = {"a": (101, 102, 103), "b": (201,)}
OUTCOMES = "RecordID,SAPS-I,SOFA,Length_of_stay,Survival,In-hospital_death\n"


def record(stay: int, *lines: str) -> str:
    """A record file with its descriptors and two heart rates."""
    facts = (f"RecordID,{stay}", "Age,54", "Gender,0", "Height,-1", "ICUType,4", "Weight,80")
    usual = [f"00:00,{fact}" for fact in facts] + ["00:07,HR,73", "47:37,HR,86"]
    return "\n".join(["Time,Parameter,Value", *usual, *lines]) + "\n"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder in the format of the source, with set-a and set-b unpacked."""
    for name, stays in STAYS.items():
        (tmp_path / f"set-{name}").mkdir()
        for stay in stays:
            (tmp_path / f"set-{name}" / f"{stay}.txt").write_text(record(stay))
        rows = "".join(f"{stay},6,1,{-1 if stay == 102 else 5},-1,{stay % 2}\n" for stay in stays)
        (tmp_path / f"Outcomes-{name}.txt").write_text(OUTCOMES + rows)
    (tmp_path / "splits.csv").write_text("RecordID,split\n101,train\n102,train\n103,val\n201,test\n")
    return tmp_path


def events(source: Path, code: str) -> pl.DataFrame:
    return build(source).events.filter((pl.col("code") == code) & (pl.col("subject_id") == 101))


def test_descriptors_are_static_and_measurements_timed(source: Path) -> None:
    assert events(source, "GENDER").select("time", "text_value").row(0) == (None, "F")
    assert events(source, "ICU_TYPE")["text_value"].to_list() == ["SICU"]
    hours = (events(source, "HR")["time"] - PREDICTION_TIME).dt.total_minutes()
    assert hours.to_list() == [7 - 48 * 60, -23]


def test_minus_one_is_missing_not_a_value(source: Path) -> None:
    content = build(source)
    assert "HEIGHT" not in content.events["code"]
    assert content.labels["length_of_stay"]["value"]["value"].null_count() == 1
    assert any("-1 means missing: 4 values" in change for change in content.record.provenance.changes)


def test_a_lost_decimal_point_is_repaired_and_recorded(source: Path) -> None:
    (source / "set-a" / "101.txt").write_text(record(101, "01:00,pH,735", "02:00,pH,7.4"))
    assert events(source, "pH")["numeric_value"].to_list() == pytest.approx([7.35, 7.4])
    assert any("1 values divided by 100" in change for change in build(source).record.provenance.changes)


def test_outcomes_are_never_among_the_inputs(source: Path) -> None:
    content = build(source)
    assert list(content.record.provenance.never_inputs) == OUTCOMES.strip().split(",")[1:]
    codes = set(content.events["code"].unique())
    assert not codes & {"SAPS-I", "SOFA", "Length_of_stay", "Survival", "In-hospital_death", "RecordID"}


def test_archives_and_folders_give_the_same_cohort(source: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed"
    packed.mkdir()
    for name in ("Outcomes-a.txt", "Outcomes-b.txt", "splits.csv"):
        (packed / name).write_bytes((source / name).read_bytes())
    for name in ("set-a", "set-b"):
        with tarfile.open(packed / f"{name}.tar.gz", "w:gz") as archive:
            archive.add(source / name, name)
    one, two = build(source), build(packed)
    order = ["subject_id", "time", "code", "numeric_value"]
    assert one.events.sort(order).equals(two.events.sort(order))
    assert one.record.provenance == two.record.provenance


def test_splits_follow_the_file_or_a_recorded_rule(source: Path) -> None:
    assert dict(build(source).splits.iter_rows()) == {101: "train", 102: "train", 103: "tuning", 201: "held_out"}
    (source / "splits.csv").unlink()
    content = build(source)
    assert dict(content.splits.iter_rows())[201] == "held_out"
    assert any("no splits.csv" in change for change in content.record.provenance.changes)


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated line": (lambda s: (s / "set-a/101.txt").write_text(record(101)[:-4]), "RECORD_TRUNCATED"),
    "missing column": (lambda s: (s / "set-a/101.txt").write_text("Time,Value\n00:00,3\n"), "MISSING_COLUMN"),
    "broken line": (lambda s: (s / "set-a/101.txt").write_text(record(101, "01:00,HR")), "RECORD_TRUNCATED"),
    "blank line": (lambda s: (s / "set-a/101.txt").write_text(record(101, "", "01:00,HR,5,5")), "RECORD_TRUNCATED"),
    "unknown parameter": (
        lambda s: (s / "set-a/101.txt").write_text(record(101, "01:00,CRP,5")),
        "PARAMETER_UNKNOWN.*1 names",
    ),
    "no number": (lambda s: (s / "set-a/101.txt").write_text(record(101, "01:00,HR,fast")), "VALUE_INVALID.*1 rows"),
    "not finite": (lambda s: (s / "set-a/101.txt").write_text(record(101, "01:00,HR,nan")), "VALUE_INVALID"),
    "no time": (lambda s: (s / "set-a/101.txt").write_text(record(101, "1h,HR,5")), "VALUE_INVALID"),
    "minute 75": (lambda s: (s / "set-a/101.txt").write_text(record(101, "01:75,HR,5")), "VALUE_INVALID"),
    "gender 7": (
        lambda s: (s / "set-a/101.txt").write_text(record(101).replace("Gender,0", "Gender,7")),
        "VALUE_INVALID.*GENDER",
    ),
    "another record inside": (lambda s: (s / "set-a/101.txt").write_text(record(999)), "RECORDS_UNMATCHED"),
    "record without outcome": (lambda s: (s / "set-a/104.txt").write_text(record(104)), "RECORDS_UNMATCHED.*1 without"),
    "outcome column missing": (
        lambda s: (s / "Outcomes-a.txt").write_text("RecordID,SOFA\n101,3\n"),
        "MISSING_COLUMN.*no SAPS-I",
    ),
    "death 2": (
        lambda s: (s / "Outcomes-b.txt").write_text(OUTCOMES + "201,6,1,5,-1,2\n"),
        "LABEL_OUTSIDE_SET.*1 rows",
    ),
    "no outcomes": (lambda s: (s / "Outcomes-b.txt").unlink(), "SOURCE_INCOMPLETE.*Outcomes-b"),
    "no set": (lambda s: (s / "set-b").rename(s / "other"), "SOURCE_INCOMPLETE.*set-b"),
    "stay without split": (
        lambda s: (s / "splits.csv").write_text("RecordID,split\n101,train\n"),
        "SPLIT_UNKNOWN.*3 patients",
    ),
    "unknown split": (lambda s: (s / "splits.csv").write_text("RecordID,split\n101,maybe\n"), "SPLIT_UNKNOWN"),
    "huge record": (lambda s: (s / "set-a/101.txt").write_bytes(b"0" * 5_000_000), "RECORD_TOO_LARGE"),
    "empty set": (lambda s: [path.unlink() for path in (s / "set-a").iterdir()], "EMPTY_COHORT"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_sources_are_refused(source: Path, fault: str) -> None:
    spoil, message = FAULTS[fault]
    spoil(source)
    with pytest.raises(InputRejected, match=message) as refusal:
        build(source)
    assert "101" not in str(refusal.value) and "999" not in str(refusal.value)


def test_a_truncated_archive_is_refused(source: Path) -> None:
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w:gz") as archive:
        archive.add(source / "set-b", "set-b")
    (source / "set-b").rename(source / "elsewhere")
    for size in (0, 30, len(whole.getvalue()) // 2):
        (source / "set-b.tar.gz").write_bytes(whole.getvalue()[:size])
        with pytest.raises(InputRejected, match="ARCHIVE_DAMAGED"):
            build(source)


def test_a_small_cohort_reaches_items(source: Path, tmp_path: Path) -> None:
    write_cohort(tmp_path / "cohort", build(source))
    spec = cohort_spec(tmp_path / "cohort")
    assert len(spec.modalities.series.channels) == 36
    items = split_items(tmp_path / "cohort", "train", spec)
    assert [item["label_mortality"].item() for item in items] == [1.0, 0.0]
    assert items[0]["group_site"] == "SICU" and items[0]["table"][0, 0] == 54


@pytest.mark.shared
def test_the_real_sets_have_their_published_counts(shared_data: Callable[[str], Path], tmp_path: Path) -> None:
    write_cohort(tmp_path / "cohort", build(shared_data("ehr-physionet2012")))
    cohort = Cohort(tmp_path / "cohort")
    deaths = cohort.labels("mortality").join(cohort.splits(), on="subject_id").group_by("split")
    counts = {split: (n, died) for split, n, died in deaths.agg(pl.len(), pl.col("value").sum()).iter_rows()}
    assert counts == {"train": (3171, 438), "tuning": (829, 116), "held_out": (4000, 568)}
