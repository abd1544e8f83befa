"""FHIR times as the hospital's wall clock, which is what DICOM and cohorts hold.

A time that is known only to the day, month or year counts as its end: it may not be read before it has certainly
happened.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, tzinfo

from monai_app.core.errors import InputRejected

_PRECISION = re.compile(r"^\d{4}(-\d{2}(-\d{2})?)?$")
_TICK = timedelta(microseconds=1)


def wall_clock(text: str, zone: tzinfo | None) -> datetime:
    """The naive local time of a FHIR ``dateTime`` or ``instant``.

    Args:
        text: as FHIR writes it: ``2026``, ``2026-03``, ``2026-03-01`` or a full time with its offset.
        zone: of the hospital.

    Raises:
        InputRejected: ``TIME_INVALID``; ``TIMEZONE_UNKNOWN`` for a time with an offset where no zone is known.
    """
    if _PRECISION.fullmatch(text):
        return _end(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InputRejected("TIME_INVALID", "a time of the record cannot be read", expected="a FHIR dateTime") from None
    if moment.tzinfo is None:
        return moment
    if zone is None:
        raise InputRejected(
            "TIMEZONE_UNKNOWN",
            "the record's times have an offset from UTC and the image's have none",
            expected="the hospital's time zone",
            remedy="Name it, such as --timezone Europe/Berlin.",
        )
    return moment.astimezone(zone).replace(tzinfo=None)


def _end(text: str) -> datetime:
    """The last microsecond of a year, month or day."""
    parts = [int(part) for part in text.split("-")]
    try:
        match parts:
            case [year]:
                after = date(year + 1, 1, 1)
            case [year, month]:
                first = date(year, month, 1)
                after = date(first.year + month // 12, month % 12 + 1, 1)
            case _:
                after = date(*parts) + timedelta(days=1)
    except (ValueError, OverflowError):
        raise InputRejected("TIME_INVALID", "a date of the record does not exist", expected="a FHIR date") from None
    return datetime(after.year, after.month, after.day) - _TICK


def years_between(born: date, moment: datetime) -> float:
    """Age in years of 365.2425 days."""
    return (moment - datetime(born.year, born.month, born.day)).total_seconds() / 86400.0 / 365.2425
