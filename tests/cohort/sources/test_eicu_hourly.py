"""Hourly values lie at the end of their hour, when they are known."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from monai_app.cohort.sources.eicu_hourly import read_hourly
from monai_app.cohort.sources.eicu_stays import read_stays
from monai_app.cohort.sources.source_files import SourceFolder
from monai_app.cohort.spec import Channel, SeriesSpec
from monai_app.core.errors import InputRejected


def _spec(*codes: str) -> SeriesSpec:
    return SeriesSpec(channels=tuple(Channel(name=code, codes=(code,), unit="1") for code in codes))


def test_first_hour_is_known_after_an_hour(eicu_folder: Path) -> None:
    folder = SourceFolder(eicu_folder)
    stays = read_stays(folder)
    events = read_hourly(folder, stays, _spec("HR", "TEMP"))
    mine = stays.filter(pl.col("patientunitstayid") == 4)
    of_four = events.filter(pl.col("subject_id") == mine["subject_id"].item(), code="HR").sort("time")
    assert of_four.height == 30
    assert of_four["time"][0] - mine["unit_admission"].item() == timedelta(hours=1)
    assert of_four["numeric_value"][0] == 60.0


def test_missing_channel_is_refused(eicu_folder: Path) -> None:
    folder = SourceFolder(eicu_folder)
    with pytest.raises(InputRejected, match=r"MISSING_COLUMN.*no xyz"):
        read_hourly(folder, read_stays(folder), _spec("XYZ"))
