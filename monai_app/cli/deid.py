"""`monai-app deid`: a folder of images without what tells whose they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from monai_app.cli.output import ForceOption, JsonOption, command, emit, stderr

HELP = """De-identify the films, CT, MR and PET images of a folder (DICOM PS3.15 Basic Profile, dates shifted).

The same patient gets the same pseudonym, UIDs and shift of dates in every run with the same key, so that series and
studies stay together. Whoever has the key can recognise patients: it stays at the site.

\b
[bold]Examples[/bold]
  monai-app deid scans --out shared --key site.key
  monai-app deid scans --out shared --key site.key --burned-in mark

Reports, segmentations, screen shots and what else is no image are refused and counted. Images in which text is found,
or which say that text is burnt in, are refused, or with --burned-in mark written and listed: look at them. The search
for text is a heuristic, and a face can be seen in a head: docs/deid.md.

Exit codes: 0 done, 2 nothing could be written, 1 failure.
"""


@command
def deid(
    source: Annotated[Path, typer.Argument(help="Folder of DICOM files.", metavar="DIR")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder of the new files.")],
    key: Annotated[Path, typer.Option("--key", help="File of the site's secret; made where it is missing.")],
    burned_in: Annotated[str, typer.Option("--burned-in", help="Images with text: refuse, or mark.")] = "refuse",
    force: ForceOption = False,
    json: JsonOption = False,
) -> None:
    """De-identify a folder; the help text stands in ``HELP``."""
    from monai_app.core.atomic import refuse_existing
    from monai_app.core.errors import InputRejected
    from monai_app.dicom.deid_folder import BurnedIn, deidentify_folder
    from monai_app.dicom.deid_key import SiteKey

    if burned_in not in list(BurnedIn):
        raise InputRejected("OPTION_INVALID", "--burned-in is none of its values", expected=", ".join(BurnedIn))
    refuse_existing(out, force=force)
    with stderr.status("De-identifying ..."):
        report = deidentify_folder(source, out, SiteKey.read(key), burned_in=BurnedIn(burned_in), force=force)
    emit({"out": str(out), **report}, as_json=json)
