"""The one series that an application's rules pick out of a folder."""

from __future__ import annotations

from pathlib import Path

from monai_app.core.errors import InputRejected
from monai_app.dicom.discover import FoundSeries, discover
from monai_app.dicom.selection import Verdict, select
from monai_app.dicom.series_rules import SeriesRules


def pick_series(folder: Path, rules: SeriesRules) -> tuple[FoundSeries, tuple[Verdict, ...]]:
    """The series of the one role, and what became of every one.

    Raises:
        InputRejected: ``NO_SERIES_SELECTED``, ``SERIES_AMBIGUOUS``; as :func:`discover`.
    """
    selections = select(discover(folder).studies, rules)
    picked = [series for selection in selections for role in selection.roles.values() for series in role]
    if len(picked) != 1:
        raise InputRejected("SERIES_AMBIGUOUS", "the rules pick several series", got=len(picked), expected="one")
    return picked[0], tuple(verdict for selection in selections for verdict in selection.verdicts)
