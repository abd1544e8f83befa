"""What `monai-app cohort build` and `check` show on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from monai_app.cli.output import stdout

if TYPE_CHECKING:
    import polars as pl

    from monai_app.cohort.check.run import CheckResult

_COLOURS = {"error": "bold red", "warning": "yellow", "note": "cyan"}


def show_build(counts: dict[str, Any], changes: Sequence[str]) -> None:
    """Print what a built cohort holds, what was changed on the way, and what to do next."""
    _show_counts(str(counts["cohort"]), counts)
    for task, labels in counts["tasks"].items():
        positive = f", {labels['positive']:,} positive" if "positive" in labels else ""
        stdout.print(f"  task [bold]{escape(task)}[/bold]: {labels['labelled']:,} labelled samples{positive}")
    stdout.print("What the ingest changed (also in cohort.json):")
    for change in changes:
        stdout.print(Padding(f"- {escape(change)}", (0, 0, 0, 2)))
    stdout.print("Next: monai-app cohort check DIR --html check.html")


def _show_counts(name: str, counts: dict[str, Any]) -> None:
    samples = ", ".join(f"{number:,} {split}" for split, number in counts["samples"].items())
    stdout.print(
        f"[bold]{escape(name)}[/bold]: {counts['patients']:,} patients, samples {samples}; "
        f"{counts['events']:,} events, {counts['images']:,} images"
    )


def show_check(result: CheckResult) -> None:
    """Print counts, labels, the overlap of modalities and, last, the findings."""
    if result.counts:
        _show_counts(result.record.name, result.counts)
    if result.labels:
        stdout.print(_labels(result))
    if result.overlap is not None:
        stdout.print(_overlap(result.overlap))
    if not result.findings:
        stdout.print("[green]No findings.[/green]")
    for finding in result.findings:
        colour = _COLOURS[finding.severity.value]
        stdout.print(f"[{colour}]{finding.severity.value}[/] [bold]{finding.code}[/] x {finding.count:,}")
        rows = f" (rows {', '.join(map(str, finding.rows))} of images.parquet)" if finding.rows else ""
        stdout.print(Padding(f"{escape(finding.what)}{rows}.\n[dim]{escape(finding.remedy)}[/]", (0, 0, 0, 4)))


def _labels(result: CheckResult) -> Table:
    table = Table("task", "label", "split", "n", "positive", "rate (95 %) or median [quartiles]", title="Labels")
    table.title_justify = "left"
    for count in result.labels:
        shown = ""
        if count.rate is not None and count.low is not None and count.high is not None:
            shown = f"{100 * count.rate:.1f} % ({100 * count.low:.1f} to {100 * count.high:.1f})"
        if count.median is not None:
            shown += f"  {count.median:.1f} [{count.quartile_low:.1f}, {count.quartile_high:.1f}]"
        positive = "" if count.positive is None else f"{count.positive:,}"
        table.add_row(count.task, count.label, count.split, f"{count.n:,}", positive, shown.strip())
    return table


def _overlap(overlap: pl.DataFrame) -> Table:
    table = Table("at the prediction time", "samples", "share", "train", "tuning", "held_out")
    table.title, table.title_justify = "Overlap of modalities", "left"
    columns = ("combination", "samples", "share", "train", "tuning", "held_out")
    for combination, samples, share, *splits in overlap.select(columns).iter_rows():
        table.add_row(combination, f"{samples:,}", f"{100 * share:.1f} %", *(f"{number:,}" for number in splits))
    return table
