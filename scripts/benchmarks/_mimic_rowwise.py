"""The usual way from MIMIC-III's tables to hourly variables: row by row, through files of each patient.

Written from the description of mimic3-benchmarks (Harutyunyan et al., Scientific Data 6:96, 2019), none of its code:
csv rows are dealt out to a file per patient; each is read back, validated against the stays and written again; items
become variables, values are cleaned by a Python function each and pivoted into a time series per stay, which is
written; a discretiser reads it and walks over its rows and hours.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pandas as pd

from monai_app.cohort.sources.mimic_items import ItemRules

COLUMNS = ["subject_id", "hadm_id", "icustay_id", "charttime", "itemid", "value", "valueuom"]


def hourly_rowwise(tables: Path, stays: pd.DataFrame, channels: list[str], work: Path, *, hours: int) -> list[Any]:
    """The (hours, channels) grid of every stay.

    Args:
        tables: folder with CHARTEVENTS.csv and LABEVENTS.csv.
        stays: subject_id, hadm_id, icustay_id, intime.
        channels: codes of the variables.
        work: an empty folder for the files of each patient.
        hours: length of the grid.
    """
    subjects = set(stays.subject_id.astype(str))
    for table in ("CHARTEVENTS", "LABEVENTS"):
        _deal_out(tables / f"{table}.csv", work, subjects)
    for subject in sorted(subjects):
        _validate(work / subject, stays[stays.subject_id.astype(str) == subject])
    rules = pd.DataFrame(
        [(item, rule.code, rule.unit) for rule in ItemRules.shipped().rules for item in rule.items],
        columns=["itemid", "variable", "unit"],
    )
    rules = rules[rules.variable.isin(channels)]
    grids = []
    for subject in sorted(subjects):
        for path, variables in _episodes(work / subject, stays[stays.subject_id.astype(str) == subject], rules):
            grids.append(_discretise(path, variables, channels, hours))
    return grids


def _deal_out(path: Path, work: Path, subjects: set[str]) -> None:
    """Append each row to its patient's events.csv; rows of one patient in sequence are written together."""
    with path.open(newline="") as stream:
        current, waiting = "", []
        for row in csv.DictReader(stream):
            if row["subject_id"] not in subjects:
                continue
            if row["subject_id"] != current and waiting:
                _append(work / current, waiting)
                waiting = []
            current = row["subject_id"]
            waiting.append({name: row.get(name, "") for name in COLUMNS})
        if waiting:
            _append(work / current, waiting)


def _append(folder: Path, rows: list[dict[str, str]]) -> None:
    folder.mkdir(exist_ok=True)
    target = folder / "events.csv"
    fresh = not target.exists()
    with target.open("a", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=COLUMNS, quoting=csv.QUOTE_MINIMAL)
        if fresh:
            writer.writeheader()
        writer.writerows(rows)


def _validate(folder: Path, stays: pd.DataFrame) -> None:
    """Keep the events of a known hospital and ICU stay."""
    events = pd.read_csv(folder / "events.csv", dtype={"value": str, "valueuom": str}).dropna(subset=["hadm_id"])
    merged = events.merge(stays, on="hadm_id", how="inner", suffixes=("", "_known"))
    merged["icustay_id"] = merged["icustay_id"].fillna(merged["icustay_id_known"])
    merged[merged.icustay_id == merged.icustay_id_known][COLUMNS].to_csv(folder / "events.csv", index=False)


def _clean(code: str, value: Any, unit: Any, default: str) -> float | None:
    """One value as a number in the unit of its variable."""
    texts = {"Normal <3 secs": 0.0, "Normal <3 Seconds": 0.0, "Abnormal >3 secs": 1.0, "Abnormal >3 Seconds": 1.0}
    text = str(value)
    if text in texts:
        return texts[text]
    if code.startswith("GCS") and text[:1].isdigit():
        text = text.split()[0]
    try:
        number = float(text)
    except ValueError:
        return None
    spelled = str(unit).lower()
    if code == "FIO2":
        return number / 100 if number > 1 else number
    if code == "TEMP":
        return (number - 32) * 5 / 9 if "f" in spelled or default == "[degF]" else number
    if code == "WEIGHT":
        return number * 0.45359237 if "lb" in spelled or default == "[lb_av]" else number
    if code == "HEIGHT":
        return number * 2.54 if "in" in spelled or default == "[in_i]" else number
    return number


def _episodes(folder: Path, stays: pd.DataFrame, rules: pd.DataFrame) -> list[tuple[Path, list[str]]]:
    """One written time series a stay: a row a minute, a column a variable."""
    events = pd.read_csv(folder / "events.csv", dtype={"value": str, "valueuom": str}).dropna(subset=["value"])
    events["charttime"] = pd.to_datetime(events["charttime"])
    events["valueuom"] = events["valueuom"].fillna("")
    events = events.merge(rules, on="itemid")
    events["number"] = [
        _clean(code, value, unit, default)
        for code, value, unit, default in zip(events.variable, events.value, events.valueuom, events.unit, strict=True)
    ]
    events = events.dropna(subset=["number"]).sort_values(["charttime", "variable", "number"])
    written = []
    for stay in stays.itertuples():
        own = events[events.icustay_id == stay.icustay_id].drop_duplicates(["charttime", "variable"], keep="last")
        series = own.pivot(index="charttime", columns="variable", values="number").reset_index()
        series["hours"] = (series["charttime"] - stay.intime).apply(lambda age: age / pd.Timedelta(hours=1))
        path = folder / f"episode{stay.icustay_id}.csv"
        series.drop(columns="charttime").sort_values("hours").to_csv(path, index=False)
        written.append((path, sorted(own.variable.unique())))
    return written


def _discretise(path: Path, variables: list[str], channels: list[str], hours: int) -> list[list[float | None]]:
    """Hour by hour: the last value of each, carried forward."""
    grid: list[list[float | None]] = [[None] * len(channels) for _ in range(hours)]
    place = {name: index for index, name in enumerate(channels)}
    with path.open(newline="") as stream:
        for row in csv.DictReader(stream):
            hour = float(row["hours"])
            if not 0 < hour <= hours:
                continue
            for name in variables:
                if row[name] != "":
                    grid[min(int(hour - 1e-6), hours - 1)][place[name]] = float(row[name])
    for step in range(1, hours):
        for index in range(len(channels)):
            if grid[step][index] is None:
                grid[step][index] = grid[step - 1][index]
    return grid
