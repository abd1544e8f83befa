"""The whole check of a cohort directory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import polars as pl

from monai_app.cohort.check.counts import LabelCount, cohort_counts, label_counts
from monai_app.cohort.check.files import check_files
from monai_app.cohort.check.findings import Finding, Severity, guarded, ordered
from monai_app.cohort.check.image_files import check_images
from monai_app.cohort.check.patients import check_death, check_splits
from monai_app.cohort.check.presence import Presence, find_presence, overlap_table, presence_findings
from monai_app.cohort.check.unit_use import check_units
from monai_app.cohort.spec import CohortRecord, TaskKind
from monai_app.cohort.store import Cohort


@dataclass
class CheckResult:
    """What a check found; the counts are empty where the cohort is too broken to be counted.

    Attributes:
        labels: label counts by task and split.
        overlap: see :func:`monai_app.cohort.check.presence.overlap_table`.
    """

    record: CohortRecord
    findings: list[Finding] = field(default_factory=list)
    counts: dict[str, Any] = field(default_factory=dict)
    labels: list[LabelCount] = field(default_factory=list)
    presence: Presence | None = None
    overlap: pl.DataFrame | None = None

    @property
    def failed(self) -> bool:
        """Whether any finding is an error."""
        return any(finding.severity is Severity.ERROR for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """A JSON-able record."""
        return {
            "cohort": self.record.name,
            **self.counts,
            "findings": [finding.as_dict() for finding in self.findings],
            "labels": [count.as_dict() for count in self.labels],
            "overlap": [] if self.overlap is None else self.overlap.to_dicts(),
        }


def check_cohort(
    cohort: Cohort,
    *,
    on_image: Callable[[], None] = lambda: None,
    on_samples: Callable[[int], None] = lambda count: None,
) -> CheckResult:
    """Run every check; a part that cannot be read becomes a finding.

    Args:
        cohort: the opened directory.
        on_image: called after each image.
        on_samples: called with the number of samples of each range that was read.
    """
    result = CheckResult(cohort.record)
    findings = result.findings
    for check in (check_files, check_splits, check_death, check_units):
        findings += guarded(partial(check, cohort))
    findings += guarded(lambda: check_images(cohort, on_image=on_image))
    findings += guarded(lambda: _count(cohort, result))
    findings += guarded(lambda: _presence(cohort, result, on_samples))
    result.findings = ordered(dict.fromkeys(findings))
    return result


def _count(cohort: Cohort, result: CheckResult) -> list[Finding]:
    result.labels = label_counts(cohort)
    result.counts = cohort_counts(cohort)
    flat = [
        count
        for count in result.labels
        if count.kind in (TaskKind.BINARY, TaskKind.MULTILABEL) and count.n and count.positive in (0, count.n)
    ]
    if not flat:
        return []
    what = f"labels never vary within a split: {', '.join(f'{count.label} in {count.split}' for count in flat[:5])}"
    return [Finding("LABEL_CONSTANT", Severity.WARNING, what, len(flat), "No curve can be drawn there.")]


def _presence(cohort: Cohort, result: CheckResult, on_samples: Callable[[int], None]) -> list[Finding]:
    result.presence = find_presence(cohort, on_samples=on_samples)
    result.overlap = overlap_table(result.presence)
    return presence_findings(result.presence)
