"""FHIR times: one instant is one wall clock, and what is known to the day counts as the day's end."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from monai_app.cohort.fhir.times import wall_clock, years_between
from monai_app.core.errors import InputRejected

BERLIN = ZoneInfo("Europe/Berlin")


def test_one_instant_is_one_wall_clock_whatever_its_offset() -> None:
    told = {wall_clock(text, BERLIN) for text in ("2026-07-01T10:00:00Z", "2026-07-01T06:00:00-04:00")}
    assert told == {datetime(2026, 7, 1, 12)}


@pytest.mark.parametrize(
    ("text", "last"), [("2026", (2026, 12, 31)), ("2026-02", (2026, 2, 28)), ("2024-02-29", (2024, 2, 29))]
)
def test_a_coarse_time_is_its_end(text: str, last: tuple[int, int, int]) -> None:
    assert wall_clock(text, None) == datetime(*last, 23, 59, 59, 999999)


def test_an_offset_without_a_zone_is_refused() -> None:
    with pytest.raises(InputRejected, match="TIMEZONE_UNKNOWN"):
        wall_clock("2026-07-01T10:00:00Z", None)


@pytest.mark.parametrize("text", ["2026-02-30", "yesterday", "9999", "2026-13"])
def test_times_that_do_not_exist_are_refused(text: str) -> None:
    with pytest.raises(InputRejected, match="TIME_INVALID"):
        wall_clock(text, BERLIN)


def test_an_age_is_in_years() -> None:
    assert years_between(date(1950, 6, 1), datetime(2026, 6, 1)) == pytest.approx(76.0, abs=0.01)
