"""PhysioNet / Computing in Cardiology Challenge 2012: the first 48 h of 8,000 ICU stays, mortality and length of stay.

Silva et al., "Predicting in-hospital mortality of ICU patients", Computing in Cardiology 39:245-248, 2012.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from monai_app.cohort.codes import code_table
from monai_app.cohort.sources.physionet2012_files import read_records
from monai_app.cohort.sources.source_files import SourceFolder, numbers, split_of
from monai_app.cohort.spec import CohortRecord, ModalitySpec, Provenance, TaskKind, TaskSpec
from monai_app.cohort.writer import CohortContent
from monai_app.core.errors import InputRejected
from monai_app.core.random import derive_seed
from monai_app.core.resources import resource

ADMISSION = datetime(2000, 1, 1)
"""The source gives hours since admission only; every stay is admitted at this instant."""
PREDICTION_TIME = ADMISSION + timedelta(hours=48)
PH_REPAIR = (650.0, 800.0)
"""A pH in this range lost its decimal point (735 for 7.35) and is divided by 100; recorded in the provenance."""

_SETS = ("set-a", "set-b")
_STATIC = {"Age": "AGE", "Gender": "GENDER", "Height": "HEIGHT", "ICUType": "ICU_TYPE"}
_CATEGORIES = {"GENDER": {0: "F", 1: "M"}, "ICU_TYPE": {1: "CCU", 2: "CSRU", 3: "MICU", 4: "SICU"}}
_OUTCOME_COLUMNS = ("RecordID", "SAPS-I", "SOFA", "Length_of_stay", "Survival", "In-hospital_death")
_TUNING_PERCENT = 20
_TASKS = (
    TaskSpec(name="mortality", kind=TaskKind.BINARY, description="death in hospital"),
    TaskSpec(name="length_of_stay", kind=TaskKind.REGRESSION, unit="d", description="days from admission to discharge"),
)


def build(source: Path) -> CohortContent:
    """The cohort of the folder that holds set-a, set-b (folders or .tar.gz), Outcomes-*.txt and, at will, splits.csv.

    Raises:
        InputRejected: ``SOURCE_INCOMPLETE``, ``MISSING_COLUMN``, ``PARAMETER_UNKNOWN``, ``VALUE_INVALID``,
            ``LABEL_OUTSIDE_SET``, ``RECORDS_UNMATCHED``, ``SPLIT_UNKNOWN`` and those of :func:`read_records`.
    """
    modalities = ModalitySpec.read(resource("configs", "cohorts", "physionet2012.yaml"))
    folder = SourceFolder(source)
    read = {name: read_records(source, name) for name in _SETS}
    folder.hashes.update({name: digest for name, (_, digest) in read.items()})
    rows = pl.concat([frame for frame, _ in read.values()])
    outcomes = _outcomes(folder)
    members = {name: frame["record_id"].unique() for name, (frame, _) in read.items()}
    _check_matched(rows["record_id"].unique(), outcomes["subject_id"])
    splits, split_rule = _splits(folder, members)
    events, changes = _events(rows, modalities)
    record = CohortRecord(
        name="physionet2012",
        provenance=_provenance(folder.hashes, (*changes, split_rule)),
        modalities=modalities,
        tasks=_TASKS,
        groups={"sex": "GENDER", "age_years": "AGE", "site": "ICU_TYPE"},
    )
    return CohortContent(
        record=record, events=events, codes=code_table(modalities), splits=splits, labels=_labels(outcomes)
    )


def _events(rows: pl.DataFrame, modalities: ModalitySpec) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """MEDS events and what was changed on the way, with counts."""
    known = {code for channel in _channels(modalities) for code in channel} | {"Weight"}
    _check_parameters(rows, known)
    typed = rows.filter(pl.col("Parameter") != "RecordID").with_columns(
        pl.col("Value").cast(pl.Float64, strict=False).alias("numeric_value"),
        _clock_time(pl.col("Time")).alias("time"),
    )
    bad = typed.filter(pl.col("time").is_null() | ~pl.col("numeric_value").is_finite().fill_null(False)).height
    if bad:
        raise InputRejected(
            "VALUE_INVALID",
            "records hold times or values that are no numbers",
            got=f"{bad} rows",
            expected="HH:MM and a number",
        )
    missing = pl.col("numeric_value") == -1
    lost_point = (pl.col("Parameter") == "pH") & pl.col("numeric_value").is_between(*PH_REPAIR)
    counts = typed.select(missing.sum().alias("missing"), lost_point.sum().alias("ph")).row(0, named=True)
    value = pl.when(lost_point).then(pl.col("numeric_value") / 100).otherwise(pl.col("numeric_value"))
    kept = typed.filter(~missing).with_columns(value.alias("numeric_value"))
    static = pl.col("Parameter").is_in(list(_STATIC))
    timed = kept.filter(~static).select(
        pl.col("record_id").alias("subject_id"),
        "time",
        pl.when(pl.col("Parameter") == "Weight").then(pl.lit("WEIGHT")).otherwise(pl.col("Parameter")).alias("code"),
        "numeric_value",
    )
    events = pl.concat([_static_facts(kept.filter(static)), timed], how="diagonal")
    return events, _changes(counts["missing"], counts["ph"])


def _clock_time(clock: pl.Expr) -> pl.Expr:
    """``HH:MM`` since admission as a time; null for anything else."""
    hours = clock.str.head(-3).cast(pl.Int64, strict=False)
    minutes = clock.str.tail(2).cast(pl.Int64, strict=False)
    colon = clock.str.slice(-3).str.starts_with(":")
    valid = colon & hours.is_between(0, 99) & minutes.is_between(0, 59)
    return pl.when(valid).then(pl.lit(ADMISSION) + pl.duration(minutes=hours * 60 + minutes))


def _channels(modalities: ModalitySpec) -> list[tuple[str, ...]]:
    return [channel.codes for channel in modalities.series.channels] if modalities.series else []


def _check_parameters(rows: pl.DataFrame, known: set[str]) -> None:
    allowed = sorted(known | {"RecordID", *_STATIC})
    unknown = rows.filter(~pl.col("Parameter").is_in(allowed))
    if unknown.height:
        raise InputRejected(
            "PARAMETER_UNKNOWN",
            "records hold parameters that the challenge does not define",
            got=f"{unknown['Parameter'].n_unique()} names in {unknown.height} rows",
            expected=", ".join(allowed),
            remedy="Units of an unknown parameter are unknown; restore the files from the source.",
        )
    stated = rows.filter(pl.col("Parameter") == "RecordID")
    agree = stated.filter(pl.col("Value") == pl.col("record_id").cast(pl.String)).height
    if not agree == stated.height == rows["record_id"].n_unique():
        raise InputRejected("RECORDS_UNMATCHED", "file names and the RecordID inside differ", expected="<RecordID>.txt")


def _static_facts(rows: pl.DataFrame) -> pl.DataFrame:
    """Descriptors have no time, and categorical ones are text."""
    frame = rows.select(
        pl.col("record_id").alias("subject_id"),
        pl.lit(None, pl.Datetime("us")).alias("time"),
        pl.col("Parameter").replace_strict(_STATIC).alias("code"),
        "numeric_value",
        pl.lit(None, pl.String).alias("text_value"),
    )
    for code, names in _CATEGORIES.items():
        here = pl.col("code") == code
        text = pl.col("numeric_value").replace_strict(names, default=None, return_dtype=pl.String)
        outside = frame.filter(here & text.is_null()).height
        if outside:
            raise InputRejected(
                "VALUE_INVALID", f"{code} holds numbers outside its list", got=f"{outside} rows", expected=sorted(names)
            )
        frame = frame.with_columns(
            pl.when(here).then(text).otherwise(pl.col("text_value")).alias("text_value"),
            pl.when(here).then(None).otherwise(pl.col("numeric_value")).alias("numeric_value"),
        )
    return frame


def _changes(missing: int, ph: int) -> tuple[str, ...]:
    return (
        f"times are hours since admission; every stay is admitted at {ADMISSION:%Y-%m-%dT%H:%M}",
        f"-1 means missing: {missing} values left out",
        f"pH between {PH_REPAIR[0]:g} and {PH_REPAIR[1]:g} lost its decimal point: {ph} values divided by 100",
        "Mg is documented in mmol/L but has the values of mg/dL (median 2.0): recorded as mg/dL, values unchanged",
        "Weight at 00:00 is the admission weight and later ones are measurements: all kept with their times",
        "Age, Gender, Height and ICUType are static (no time); ages of 90 stand for 90 and above",
        "a RecordID is a stay; stays of one patient cannot be linked, so each counts as a patient",
        "implausible values (range of each channel) stay in the events and are not read into the time grid",
    )


def _provenance(hashes: dict[str, str], changes: tuple[str, ...]) -> Provenance:
    return Provenance(
        source="PhysioNet/Computing in Cardiology Challenge 2012, https://physionet.org/content/challenge-2012/1.0.0/",
        source_version="1.0.0",
        licence="ODC-By-1.0",
        terms="Open access; redistribution with attribution.",
        attribution="Silva I. et al., Computing in Cardiology 2012; Goldberger A. et al., Circulation 2000.",
        source_sha256=hashes,
        changes=changes,
        never_inputs=_OUTCOME_COLUMNS[1:],
    )


def _outcomes(folder: SourceFolder) -> pl.DataFrame:
    """subject_id, death, days."""
    names = [f"Outcomes-{name[-1]}.txt" for name in _SETS]
    table = pl.concat([folder.table(name, columns=_OUTCOME_COLUMNS) for name in names])
    used = ("RecordID", "In-hospital_death", "Length_of_stay")
    outcomes = numbers(table.select(used), used, pl.Float64, table="Outcomes").select(
        pl.col("RecordID").cast(pl.Int64).alias("subject_id"),
        pl.col("In-hospital_death").alias("death"),
        pl.col("Length_of_stay").alias("days"),
    )
    faults = outcomes.filter(pl.any_horizontal(pl.all().is_null()) | ~pl.col("death").is_in([0.0, 1.0])).height
    if faults:
        raise InputRejected(
            "LABEL_OUTSIDE_SET",
            "outcomes hold labels outside their set",
            got=f"{faults} rows",
            expected="In-hospital_death 0 or 1, Length_of_stay a number",
        )
    return outcomes


def _labels(outcomes: pl.DataFrame) -> dict[str, dict[str, pl.DataFrame]]:
    keyed = outcomes.with_columns(pl.lit(PREDICTION_TIME).alias("prediction_time"))
    keys = ("subject_id", "prediction_time")
    days = pl.when(pl.col("days") != -1).then(pl.col("days")).alias("value")
    return {
        "mortality": {"value": keyed.select(*keys, pl.col("death").cast(pl.Boolean).alias("value"))},
        "length_of_stay": {"value": keyed.select(*keys, days)},
    }


def _check_matched(records: pl.Series, outcomes: pl.Series) -> None:
    lonely = len(set(records.to_list()) ^ set(outcomes.to_list()))
    if lonely or outcomes.is_duplicated().any():
        raise InputRejected(
            "RECORDS_UNMATCHED",
            "records and outcomes do not match one to one",
            got=f"{lonely} without a partner",
            expected="0",
        )


def _splits(folder: SourceFolder, members: dict[str, pl.Series]) -> tuple[pl.DataFrame, str]:
    """The split of every stay, and the rule in words."""
    if folder.find("splits.csv") is None:
        rule = f"no splits.csv: {_TUNING_PERCENT} % of set-a, by a hash of the RecordID, is tuning; set-b is held out"
        return _hashed_splits(members), rule
    stays = pl.concat(list(members.values())).alias("subject_id").to_frame()
    return split_of(folder, stays.with_columns(RecordID=pl.col("subject_id").cast(pl.String)), key="RecordID")


def _hashed_splits(members: dict[str, pl.Series]) -> pl.DataFrame:
    rows = []
    for record_id in members["set-a"].to_list():
        tuning = derive_seed("physionet2012", record_id) % 100 < _TUNING_PERCENT
        rows.append((record_id, "tuning" if tuning else "train"))
    rows += [(record_id, "held_out") for record_id in members["set-b"].to_list()]
    return pl.DataFrame(rows, schema=["subject_id", "split"], orient="row")
