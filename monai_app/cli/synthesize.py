"""`monai-app synthesize`: a whole synthetic cohort, marked as such, with its datasheet and privacy report."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monai_app.cli.bundle import CohortOption, OverlayOption, SetOption, parse_settings
from monai_app.cli.output import ForceOption, JsonOption, command, emit, stderr
from monai_app.core.errors import InputRejected
from monai_app.core.logging import configure_logging

HELP = """Write a synthetic cohort that imitates the train split of a cohort, ready for training.

Records (table, series, notes' fields, labels) come from a Gaussian copula fitted on the train split; films are drawn
for each record by a bundle and written as DICOM marked derived and synthetic. Beside them: datasheet.json, DATASHEET.md
and privacy_report.json (copy tests of records and films against the train patients, with planted copies that must be
found). Without a budget nothing is guaranteed to the patients; with one, everything it does not cover is refused.

\b
[bold]Examples[/bold]
  monai-app synthesize --cohort cohorts/phantom --out cohorts/made --patients 1000 --seed 7
  monai-app synthesize --cohort cohorts/phantom --out cohorts/rare --patients 500 --prevalence pneumothorax=.3 \\
      --subgroup sex=F:.5
  monai-app cohort check cohorts/made && monai-app train multimodal_diagnosis --cohort cohorts/made

Exit codes: 0 done, 2 the input was rejected, 1 failure, or written but a copy test did not pass.
"""


@command
def synthesize(
    cohort: CohortOption,
    out: Annotated[Path, typer.Option(help="Directory of the new cohort.")],
    patients: Annotated[int, typer.Option(help="Records to draw.", min=1)],
    prevalence: Annotated[list[str] | None, typer.Option(help="LABEL=SHARE, such as pneumonia=.3; repeatable.")] = None,
    subgroup: Annotated[
        list[str] | None, typer.Option(help="FIELD=CATEGORY:SHARE, such as sex=F:.5; repeatable.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of everything.")] = 0,
    detail: Annotated[
        str, typer.Option(help="fitted: records imitate the train split. stated: only what is stated here.")
    ] = "fitted",
    epsilon: Annotated[float | None, typer.Option(help="Privacy budget; what it does not cover is refused.")] = None,
    delta: Annotated[float, typer.Option(help="Of the budget; below 1 / patients of the source.")] = 1e-5,
    bundle: Annotated[str, typer.Option(help="Bundle that draws films.")] = "ehr_conditioned_diffusion",
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    films: Annotated[bool, typer.Option("--films/--no-films", help="Whether films are drawn.")] = True,
    held_out_split: Annotated[
        str, typer.Option(help="Split of real patients not trained on, of the sites that are imitated.")
    ] = "tuning",
    overlay: OverlayOption = None,
    settings: SetOption = None,
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """Write a synthetic cohort; the help text stands in ``HELP``."""
    from monai_app.engines.generation.synthesis import Request
    from monai_app.engines.generation.synthesis import synthesize as write
    from monai_app.engines.generation.synthetic_films import BundleDraw
    from monai_app.generate.privacy.budget import Budget
    from monai_app.generate.synthetic.gate import Detail
    from monai_app.generate.synthetic.targets import stated_share

    configure_logging()  # again: importing MONAI has added handlers of its own
    if detail not in list(Detail):
        known = ", ".join(kind.value for kind in Detail)
        raise InputRejected("DETAIL_UNKNOWN", "there is no such detail", got=detail, expected=known)
    request = Request(
        patients,
        seed,
        dict(stated_share(text, "--prevalence") for text in prevalence or []),
        dict(stated_share(text, "--subgroup") for text in subgroup or []),
        Detail(detail),
        None if epsilon is None else Budget(epsilon, delta),
        held_out_split,
    )
    draw = BundleDraw(bundle, model, tuple(overlay or ()), parse_settings(settings)) if films else None
    told = write(cohort, out, request, draw=draw, force=force, on_stage=lambda stage: stderr.print(f"{stage} ..."))
    emit(told, as_json=json)
    if told["privacy_passed"] is False:
        raise typer.Exit(1)
