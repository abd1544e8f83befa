"""What a check reports: a code, a severity, how many, and what to do; never whom it concerns."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import polars as pl

from monai_app.core.errors import InputRejected


class Severity(StrEnum):
    """How bad a finding is, worst first."""

    ERROR = "error"
    """Results on this cohort would be wrong, or it cannot be read."""
    WARNING = "warning"
    """A person should look."""
    NOTE = "note"
    """Worth knowing."""


@dataclass(frozen=True)
class Finding:
    """One kind of fault.

    Attributes:
        code: stable identifier.
        severity: how bad.
        what: what is wrong, without patient data.
        count: how many of it.
        remedy: what to do.
        rows: up to ten row numbers of images.parquet where that helps to find them.
    """

    code: str
    severity: Severity
    what: str
    count: int
    remedy: str = ""
    rows: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The fields as a JSON-able record."""
        return asdict(self)


def guarded(check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Run a check; a part that cannot be read becomes a finding, so that the other checks still run."""
    try:
        return list(check())
    except InputRejected as error:
        what = f"{error.what} ({error.got})" if error.got else error.what
        return [Finding(error.code, Severity.ERROR, what, 1, error.remedy)]
    except (pl.exceptions.PolarsError, OSError) as error:
        what = f"a table cannot be read ({type(error).__name__})"
        return [Finding("COHORT_INCOMPLETE", Severity.ERROR, what, 1, "Build the cohort again.")]


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Worst first, then by code."""
    rank = list(Severity)
    return sorted(findings, key=lambda finding: (rank.index(finding.severity), finding.code))
