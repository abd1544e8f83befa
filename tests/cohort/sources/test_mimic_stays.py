"""Stays of MIMIC as samples: who is one, when they die, and who tunes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
import pytest

from monai_app.cohort.sources.mimic_stays import (
    STAY_COLUMNS,
    death_events,
    end_of_life,
    samples_of,
    stay_facts,
    with_tuning,
)
from monai_app.core.errors import InputRejected

IN = dt.datetime(2150, 1, 1)


def stays(*rows: dict[str, Any]) -> pl.DataFrame:
    usual = {"subject_id": 1, "intime": IN, "outtime": IN + dt.timedelta(hours=48), "age_years": 50.0, "age_limit": 0}
    whole = [{**dict.fromkeys(STAY_COLUMNS), **usual, "stay_id": number, **row} for number, row in enumerate(rows)]
    return pl.DataFrame(whole, schema=STAY_COLUMNS)


@pytest.mark.parametrize(
    "left_out",
    [
        {"outtime": IN + dt.timedelta(hours=47, minutes=59)},
        {"outtime": None},
        {"deathtime": IN + dt.timedelta(hours=48)},
        {"age_years": 17.9},
        {"age_years": None},
    ],
    ids=["left before", "end unknown", "dead", "child", "age unknown"],
)
def test_stays_that_are_no_samples(left_out: dict[str, Any]) -> None:
    samples, _ = samples_of(stays({}, {"subject_id": 2, **left_out}))
    assert samples["subject_id"].to_list() == [1]


def test_an_age_above_the_limit_is_adult() -> None:
    assert samples_of(stays({"age_years": None, "age_limit": 1}))[0].height == 1


def test_no_sample_at_all_is_refused() -> None:
    with pytest.raises(InputRejected, match="EMPTY_COHORT"):
        samples_of(stays({"outtime": IN}))


def test_a_stay_named_twice_is_refused() -> None:
    with pytest.raises(InputRejected, match="STAY_DUPLICATE"):
        samples_of(stays({"stay_id": 7}, {"stay_id": 7}))


def test_facts_are_timed_by_the_stay_and_tell_no_outcome() -> None:
    told = {"ethnicity": "WHITE", "gender": "F", "admission_type": "URGENT", "care_unit": "MICU"}
    facts = stay_facts(stays({**told, "deathtime": IN + dt.timedelta(hours=60), "died_in_hospital": True}))
    assert sorted(facts["code"]) == ["ADMISSION_TYPE", "AGE", "CARE_UNIT", "ETHNICITY", "GENDER"]
    assert facts.filter(pl.col("code") != "GENDER")["time"].unique().to_list() == [IN]


def test_a_death_in_hospital_wins_over_its_day() -> None:
    admissions = pl.DataFrame({"subject_id": [1, 1], "deathtime": [None, IN + dt.timedelta(hours=5)]})
    patients = pl.DataFrame({"subject_id": [1, 2], "dod": [IN, IN]})
    deaths = dict(death_events(admissions, patients).select("subject_id", "time").iter_rows())
    assert deaths == {1: dt.datetime(2150, 1, 1, 5), 2: dt.datetime(2150, 1, 1, 23, 59, 59)}


def test_a_death_in_hospital_without_a_minute_is_at_discharge() -> None:
    given = {"hospital_expire_flag": ["1", "0"], "deathtime": [None, None], "dischtime": [IN, IN]}
    ended = end_of_life(pl.DataFrame(given, schema_overrides={"deathtime": pl.Datetime("us")}))
    assert ended["deathtime"].to_list() == [IN, None] and ended["died_in_hospital"].to_list() == [True, False]


def test_tuning_patients_are_taken_from_train_only_and_always_the_same() -> None:
    splits = pl.DataFrame({"subject_id": range(300), "split": ["train", "held_out", "train"] * 100})
    first, rule = with_tuning(splits, "given")
    again, _ = with_tuning(splits.reverse(), "given")
    assert first.sort("subject_id").equals(again.sort("subject_id")) and "no tuning" in rule
    assert first.filter(pl.col("split") == "held_out").height == 100
    assert 15 < first.filter(pl.col("split") == "tuning").height < 55
    assert with_tuning(first, "given")[0].equals(first)
