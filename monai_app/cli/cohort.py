"""`monai-app cohort`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monai_app.cli.cohort_view import show_build, show_check
from monai_app.cli.output import ForceOption, JsonOption, command, emit, progress, stderr

app = typer.Typer(help="Build, simulate and check cohorts.", no_args_is_help=True, rich_markup_mode="rich")

_BUILD_HELP = """Turn the files of a public SOURCE into a cohort: MEDS events, an image index, labels, provenance.

Units become UCUM, detection limits become flags, and outcomes never stand among the inputs; what was changed is written
into cohort.json. Nothing is written unless everything could be read.

\b
[bold]Sources[/bold] (their options: monai-app cohort sources)
  physionet2012   ICU series of 8,000 stays: mortality, length of stay
  hannover        COVID-19 chest films with laboratory values
  ieee8023        COVID-19 chest films with a clinical table and notes
  eicu            eICU: raw tables or YAIB hourly tables
  mimic3  mimic4  MIMIC-III; MIMIC-IV with MIMIC-CXR-JPG
  meds            any MEDS dataset, with a YAML that says what models may see

\b
[bold]Examples[/bold]
  monai-app cohort build physionet2012 --from challenge-2012 --out cohorts/p12
  monai-app cohort build ieee8023 --from covid --out cohorts/ieee --set notes=original
  monai-app cohort build meds --from my-meds --out cohorts/mine --set spec=mine.yaml

Then look at it: monai-app cohort check cohorts/p12 --html check.html

Exit codes: 0 done, 2 the input was rejected, 1 failure.
"""


@app.command("build", help=_BUILD_HELP)
@command
def build(
    source: Annotated[str, typer.Argument(help="Name of the source.", metavar="SOURCE")],
    folder: Annotated[Path, typer.Option("--from", help="Folder with the source's files.", metavar="DIR")],
    out: Annotated[Path, typer.Option("--out", help="Directory of the new cohort.", metavar="DIR")],
    options: Annotated[
        list[str] | None, typer.Option("--set", help="Option of the source.", metavar="NAME=VALUE")
    ] = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Build a cohort; the help text stands in ``_BUILD_HELP``."""
    from monai_app.cohort.build import build_cohort
    from monai_app.cohort.check.counts import cohort_counts
    from monai_app.cohort.store import Cohort

    with stderr.status(f"Reading {source} and writing the cohort ..."):
        record = build_cohort(source, folder, out, options=options or [], force=force)
        counts = {"cohort": record.name, **cohort_counts(Cohort(out))}
    changes = list(record.provenance.changes)
    if json:
        emit({**counts, "changes": changes}, as_json=True)
    else:
        show_build(counts, changes)


_CHECK_HELP = """Check a cohort DIR before anything is trained on it.

Looks for patients in two splits, one picture under two patients, events after death, unknown units, modalities that
nobody has, and files that changed; prints how often each label is true and which modalities occur together.

\b
[bold]Examples[/bold]
  monai-app cohort check cohorts/physionet2012
  monai-app cohort check cohorts/physionet2012 --html check.html --json

Exit codes: 0 no errors (there may be warnings), 2 errors, 1 failure.
"""


@app.command("check", help=_CHECK_HELP)
@command
def check(
    directory: Annotated[Path, typer.Argument(help="The cohort.", metavar="DIR")],
    html: Annotated[Path | None, typer.Option("--html", help="Also write a report with plots.", metavar="FILE")] = None,
    json: JsonOption = False,
) -> None:
    """Check a cohort; the help text stands in ``_CHECK_HELP``."""
    from monai_app.cohort.check.run import check_cohort
    from monai_app.cohort.store import Cohort

    cohort = Cohort(directory)
    with progress() as bar:
        images = bar.add_task("images", total=cohort.images().height)
        samples = bar.add_task("samples", total=None)
        result = check_cohort(
            cohort,
            on_image=lambda: bar.advance(images),
            on_samples=lambda count: bar.advance(samples, count),
        )
    if html is not None:
        from monai_app.cohort.check.report import write_report

        write_report(result, html)
    if json:
        emit(result.as_dict(), as_json=True)
    else:
        show_check(result)
    if result.failed:
        raise typer.Exit(2)


@app.command("sources")
@command
def sources(json: JsonOption = False) -> None:
    """List the sources that `build` reads, and the options of each."""
    from monai_app.cohort.sources import SOURCES, source_builder
    from monai_app.cohort.sources.options import describe_options

    listed = {}
    for name, what in SOURCES.items():
        options = describe_options(source_builder(name))
        listed[name] = (
            {"what": what, "options": options} if json else "; ".join([what, *map("=".join, options.items())])
        )
    emit(listed, as_json=json)
