"""The page of `monai-app dicom inspect`: one section a study, one row a series, with pictures."""

from __future__ import annotations

from itertools import groupby

from matplotlib.figure import Figure

from monai_app.core.page import Page
from monai_app.dicom.inspection import Inspection, SeriesReport

_INCHES = 1.7


def inspection_page(inspection: Inspection, *, descriptions: bool = False) -> Page:
    """A page about what a folder holds.

    Args:
        descriptions: show each SeriesDescription too, which may name the patient.
    """
    sound = [report for report in inspection.series if not report.faults]
    refused = sum(fault.files for fault in inspection.refused)
    page = Page(
        title="DICOM series",
        lead="What the folder holds, what can be read as it is, and why the rest would be rejected. Series and studies "
        "are numbered in the order of their identifiers, which are not shown.",
        tiles=[
            ("Studies", str(len({_study(report) for report in inspection.series}))),
            ("Series", str(len(inspection.series)), f"{len(sound)} can be read as they are"),
            ("Image files", str(sum(report.files for report in inspection.series))),
            ("Other files", str(refused), "refused, see below"),
        ],
    )
    for study, reports in groupby(inspection.series, key=_study):
        _add_study(page, study, list(reports), descriptions=descriptions)
    if inspection.refused:
        section = page.section("Refused files")
        section.table(
            ["Code", "What", "Files"], [[fault.code, fault.what, fault.files] for fault in inspection.refused]
        )
    return page


def _add_study(page: Page, study: str, reports: list[SeriesReport], *, descriptions: bool) -> None:
    section = page.section(f"Study {study}")
    header = ["Series", "Kind", "Plane", "Files", "Size (voxels)", "Spacing (mm)", "Coverage (mm)", "Verdict"]
    rows = []
    for report in reports:
        row: list[object] = [report.name, f"{report.modality} {report.kind.value}", report.plane, report.files]
        row += [" x ".join(map(str, report.size)), " x ".join(f"{value:.3g}" for value in report.spacing_mm)]
        row += ["" if report.coverage_mm is None else f"{report.coverage_mm:.1f}"]
        row += [", ".join(fault.code for fault in report.faults) or "can be read"]
        rows.append([*row, report.description] if descriptions else row)
    section.table([*header, "Description"] if descriptions else header, rows)
    for report in reports:
        for fault in report.faults:
            files = f" ({fault.files} of {report.files} files)" if fault.files < report.files else ""
            hint = " The reader can repair it where it is told to." if fault.repair else ""
            section.text(f"{report.name}: {fault.code}{files}: {fault.what}.{hint}")
        for note in report.notes:
            section.text(f"{report.name}, noted: {note}.")
    figures = [(_figure(report), _caption(report)) for report in reports if report.thumbnails]
    if figures:
        section.figures(figures)


def _figure(report: SeriesReport) -> Figure:
    count = len(report.thumbnails)
    figure = Figure(figsize=(_INCHES * count, _INCHES * 1.15), layout="constrained", facecolor="black")
    for place, thumbnail in enumerate(report.thumbnails, 1):
        axes = figure.add_subplot(1, count, place)
        axes.imshow(thumbnail.pixels, cmap="gray", vmin=0, vmax=255, interpolation="none")
        axes.set_title(thumbnail.title, color="white", fontsize=7)
        axes.axis("off")
    return figure


def _caption(report: SeriesReport) -> str:
    return f"Series {report.name}, {report.modality}" + (" (would be rejected)" if report.faults else "")


def _study(report: SeriesReport) -> str:
    return report.name.partition(".")[0]
