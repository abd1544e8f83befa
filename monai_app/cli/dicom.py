"""`monai-app dicom`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monai_app.cli.dicom_view import show_inspection, show_selection
from monai_app.cli.output import ForceOption, JsonOption, command, emit, progress, stderr

app = typer.Typer(help="Look into folders of DICOM files.", no_args_is_help=True, rich_markup_mode="rich")

_INSPECT_HELP = """List the series below a folder (or in a .zip or .tar) and every reason why one would be rejected.

Each series is read as the models would read it. Nothing that identifies a patient is printed: studies and series are
numbered in the order of their identifiers.

\b
[bold]Examples[/bold]
  monai-app dicom inspect scans
  monai-app dicom inspect scans.zip --html scans.html
  monai-app dicom inspect scans --select configs/series/t1_flair.yaml

With --select the series that a rule file picks are told too, with the reason for each other one; where none is picked
the exit code is 2. The forms of rules: docs/reading.md.

Exit codes: 0 done, 2 nothing to read or nothing selected, 1 failure.
"""


@app.callback()
def _group() -> None:
    """Keep ``inspect`` a command of its own while it is the only one."""


@app.command("inspect", help=_INSPECT_HELP)
@command
def inspect(
    source: Annotated[Path, typer.Argument(help="A folder, or an archive of one.", metavar="DIR")],
    html: Annotated[
        Path | None, typer.Option("--html", help="Also write a page with pictures.", metavar="FILE")
    ] = None,
    select: Annotated[
        Path | None, typer.Option("--select", help="Rules that pick series, as in configs/series.", metavar="FILE")
    ] = None,
    descriptions: Annotated[
        bool, typer.Option("--descriptions", help="Show SeriesDescription on the page; it may name the patient.")
    ] = False,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Inspect a folder; the help text stands in ``_INSPECT_HELP``."""
    from monai_app.core.archive import opened_folder
    from monai_app.core.atomic import refuse_existing
    from monai_app.core.errors import InputRejected
    from monai_app.dicom.discover import discover
    from monai_app.dicom.inspection import inspect as inspect_all
    from monai_app.dicom.inspection_page import inspection_page
    from monai_app.dicom.selection import select as select_series
    from monai_app.dicom.series_rules import SeriesRules

    if html is not None:
        refuse_existing(html, force=force)
    rules = None if select is None else SeriesRules.read(select)
    with opened_folder(source) as folder:
        with stderr.status("Reading headers ..."):
            found = discover(folder)
        if not found.studies and not found.refused:
            raise InputRejected("NO_FILES", "there is no file below the folder", expected="DICOM files")
        with progress() as bar:
            task = bar.add_task("series", total=len(found.series))
            inspection = inspect_all(found, on_series=lambda: bar.advance(task))
    if html is not None:
        inspection_page(inspection, descriptions=descriptions).write(html)
    if not json:
        show_inspection(inspection)
    chosen = None if rules is None else select_series(found.studies, rules)
    result = inspection.as_dict()
    if chosen is not None:
        result["selected"] = [
            {
                "study": selection.study.number,
                "roles": {role: [series.name for series in taken] for role, taken in selection.roles.items()},
                "verdicts": [vars(verdict) for verdict in selection.verdicts],
            }
            for selection in chosen
        ]
        if not json:
            show_selection(chosen)
    if json:
        emit(result, as_json=True)
