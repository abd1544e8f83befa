"""What `monai-app dicom inspect` shows on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.padding import Padding
from rich.table import Table

from monai_app.cli.output import stdout

if TYPE_CHECKING:
    from monai_app.dicom.inspection import Inspection
    from monai_app.dicom.selection import Selection


def show_inspection(inspection: Inspection) -> None:
    """Print a row for each series, its faults below the table, and the refused files by code."""
    table = Table("series", "kind", "plane", "files", "size", "spacing mm", "coverage mm", "verdict")
    for report in inspection.series:
        faults = ", ".join(fault.code for fault in report.faults)
        table.add_row(
            report.name,
            escape(f"{report.modality} {report.kind.value}"),
            escape(report.plane),
            str(report.files),
            "x".join(map(str, report.size)),
            "x".join(f"{value:.3g}" for value in report.spacing_mm),
            "" if report.coverage_mm is None else f"{report.coverage_mm:.1f}",
            f"[red]{escape(faults)}[/]" if faults else "[green]can be read[/]",
        )
    if inspection.series:
        stdout.print(table)
    for report in inspection.series:
        for fault in report.faults:
            stdout.print(f"[red]{fault.code}[/] series {report.name}, {fault.files} of {report.files} files")
            stdout.print(Padding(f"{escape(fault.what)}.", (0, 0, 0, 4)))
    for fault in inspection.refused:
        stdout.print(f"[yellow]{fault.code}[/] x {fault.files}: {escape(fault.what)}")


def show_selection(chosen: Sequence[Selection]) -> None:
    """Print what the rules picked, and why they passed over the rest."""
    for selection in chosen:
        for role, taken in selection.roles.items():
            names = ", ".join(series.name for series in taken) or "none"
            stdout.print(f"[green]selected[/] as [bold]{escape(role)}[/]: series {names}")
        for verdict in selection.verdicts:
            if not verdict.chosen:
                stdout.print(Padding(escape(f"{verdict.series} not as {verdict.role}: {verdict.reason}"), (0, 0, 0, 4)))
