"""The check as one HTML page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from monai_app.cohort.check.counts import LabelCount
from monai_app.cohort.check.findings import Severity
from monai_app.cohort.check.plots import coverage_plot, overlap_plot, prevalence_plot, rhythm_plot
from monai_app.cohort.check.presence import Presence
from monai_app.cohort.check.run import CheckResult
from monai_app.cohort.content_rules import SPLITS
from monai_app.core.page import Page


def write_report(result: CheckResult, path: str | Path) -> None:
    """Write the report of a check."""
    counts = result.counts
    page = Page(f"Cohort {result.record.name}", _lead(result))
    if counts:
        page.tiles += [("patients", f"{counts['patients']:,}"), ("samples", f"{sum(counts['samples'].values()):,}")]
        page.tiles += [("events", f"{counts['events']:,}"), ("images", f"{counts['images']:,}")]
    kinds = [sum(finding.severity is severity for finding in result.findings) for severity in Severity]
    page.tiles.append(("kinds of errors / warnings", f"{kinds[0]} / {kinds[1]}"))
    _findings(page, result)
    _tasks(page, result.labels)
    if result.presence is not None:
        _modalities(page, result)
        _series(page, result, result.presence)
        _table(page, result, result.presence)
    _provenance(page, result)
    page.write(path)


def _lead(result: CheckResult) -> str:
    verdict = "It has errors: results on it would be wrong." if result.failed else "No errors were found."
    return (
        f"{verdict} A sample is a patient at a prediction time; everything below counts what was known then, with "
        "the functions that make the samples of a model."
    )


def _findings(page: Page, result: CheckResult) -> None:
    section = page.section("Findings")
    if not result.findings:
        section.text(
            "None: files match their hashes, patients stand in one split, nothing happens after death, units are "
            "known, every modality has samples, and no image stands under two patients."
        )
        return
    header = ["severity", "code", "count", "what", "what to do"]
    rows = [[f.severity.value, f.code, f.count, f.what, f.remedy] for f in result.findings]
    if any(finding.rows for finding in result.findings):
        header.append("rows of images.parquet")
        for row, finding in zip(rows, result.findings, strict=True):
            row.append(", ".join(map(str, finding.rows)))
    section.table(header, rows)


def _tasks(page: Page, labels: Sequence[LabelCount]) -> None:
    if not labels:
        return
    section = page.section("Tasks")
    rated = [count for count in labels if count.rate is not None]
    for title, group in _figures(rated).items():
        section.figure(prevalence_plot(group, title=title))
    if rated:
        section.text("How often each label is true: rate, with Wilson's 95 % interval.")
        names = list(dict.fromkeys((count.task, count.label) for count in rated))
        cells = {(count.task, count.label, count.split): (count.rate, count.low, count.high) for count in rated}
        rows = [(*name, *(cells.get((*name, split), (None, None, None)) for split in SPLITS)) for name in names]
        section.table(("task", "label", *(split.replace("_", " ") for split in SPLITS)), rows)
    measured = [
        (count.task, count.split, count.n, (count.median, count.quartile_low, count.quartile_high))
        for count in labels
        if count.median is not None
    ]
    if measured:
        section.table(("task", "split", "n", "median (quartiles)"), measured)


def _figures(counts: Sequence[LabelCount]) -> dict[str, list[LabelCount]]:
    """Tasks of one label share a figure; a task of several labels has its own, titled by its name."""
    several = {count.task for count in counts if count.label != count.task}
    figures: dict[str, list[LabelCount]] = {}
    for count in counts:
        title = count.task.replace("_", " ") if count.task in several else ""
        figures.setdefault(title, []).append(count)
    return figures


def _modalities(page: Page, result: CheckResult) -> None:
    if result.overlap is None or result.presence is None:
        return
    section = page.section("Modalities at the prediction time")
    names = result.presence.modalities
    section.figure(
        overlap_plot(result.overlap, names),
        "Which combinations of modalities occur together. Columns: combinations; dark dots: the modality is there.",
    )
    columns = ("combination", "samples", "share", "train", "tuning", "held_out")
    section.table([name.replace("_", " ") for name in columns], result.overlap.select(columns).rows())


def _series(page: Page, result: CheckResult, presence: Presence) -> None:
    spec = result.record.modalities.series
    if spec is None:
        return
    section = page.section("Series")
    section.text(f"{len(spec.channels)} channels in {spec.steps} steps of {spec.step_hours:g} h.")
    section.figure(
        rhythm_plot(presence.series_rate, hours=spec.hours),
        "Mean number of channels with a value in each step, over all samples.",
    )
    section.figure(
        coverage_plot([c.name for c in spec.channels], presence.series_ever, presence.series_rate.mean(axis=0)),
        "Light: share of samples with at least one value of the channel. Dark, and in brackets: share of all steps.",
    )


def _table(page: Page, result: CheckResult, presence: Presence) -> None:
    spec = result.record.modalities.table
    if spec is None:
        return
    first = np.cumsum([0, *(len(field.columns) for field in spec.fields[:-1])])
    section = page.section("Table")
    section.figure(
        coverage_plot([field.name for field in spec.fields], presence.table_known[first]),
        "Share of samples in which each field is known (a value beyond a detection limit counts as known).",
    )


def _provenance(page: Page, result: CheckResult) -> None:
    provenance = result.record.provenance
    section = page.section("Origin and terms")
    rows = [
        ("source", provenance.source),
        ("version", provenance.source_version),
        ("licence", provenance.licence),
        ("terms", provenance.terms),
        ("attribution", provenance.attribution),
        ("kept out of the inputs", ", ".join(provenance.never_inputs)),
    ]
    section.table(("", ""), [row for row in rows if row[1]])
    if provenance.changes:
        section.text("What the ingest changed:")
        section.table(("#", "change"), list(enumerate(provenance.changes, 1)))
