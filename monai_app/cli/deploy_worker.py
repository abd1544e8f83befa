"""`monai-app deploy worker`, `status` and `retry`: an application behind an Orthanc archive."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from monai_app.cli.output import JsonOption, command, emit
from monai_app.deploy.begin import Begin

StateOption = Annotated[Path, typer.Option(help="SQLite file of the queue, on a local disk; keep it.")]


@command
def worker(
    orthanc: Annotated[str, typer.Option(help="URL of Orthanc's REST API, such as http://127.0.0.1:8042.")],
    name: Annotated[
        str, typer.Option("--app", help="ct_segmentation, hippocampus_mri, cxr_diagnosis, or the path of a YAML.")
    ],
    state: StateOption = Path("pacs-worker.sqlite"),
    model: Annotated[Path | None, typer.Option(help="Model folder; default: the bundle's own weights.")] = None,
    site: Annotated[Path | None, typer.Option(help="YAML of the site: equipment, time zone.")] = None,
    begin: Annotated[Begin, typer.Option(help="Without a state file: all studies, or new ones.")] = Begin.ALL,
    threads: Annotated[int, typer.Option(min=1, max=64, help="Studies at a time; they share one model.")] = 1,
    attempts: Annotated[int, typer.Option(min=1, help="Tries before a study is given up.")] = 5,
    poll: Annotated[float, typer.Option(min=0.05, help="Seconds between two looks at the change feed.")] = 2.0,
    quiet: Annotated[float, typer.Option(min=0.0, help="Seconds of silence before a study is looked at.")] = 2.0,
    reserve: Annotated[int, typer.Option(min=0, help="MiB of the disk that stay free.")] = 1024,
    status_host: Annotated[str, typer.Option(help="Address of the status page.")] = "127.0.0.1",
    status_port: Annotated[int, typer.Option(help="Its port, with /health and /metrics; 0: no page.")] = 8043,
) -> None:
    """Run the application on every study that becomes stable in Orthanc, and store its results into the study.

    Until SIGTERM or Ctrl-C. The same study twice gives one set of results; a late slice runs it again and takes the old
    results out; a crash of either side loses nothing. User and password of Orthanc come from MONAI_APP_ORTHANC_USER and
    MONAI_APP_ORTHANC_PASSWORD. Orthanc needs its DICOMweb plugin (docs/deploy.md). Not for diagnosis.
    """
    from monai_app.cli import deploy
    from monai_app.deploy.serve import Settings, app_key, serve
    from monai_app.dicom.orthanc import Orthanc

    archive = Orthanc(orthanc)
    settings = Settings(
        state, begin=begin, threads=threads, most_attempts=attempts, poll_s=poll, quiet_s=quiet, reserve_mib=reserve,
        status_host=status_host, status_port=status_port or None,
    )  # fmt: skip
    opened = deploy.open_app(name, model=model, site=site)
    serve(archive, opened, app_key(opened), settings)


@command
def status(state: StateOption = Path("pacs-worker.sqlite"), json: JsonOption = False) -> None:
    """Count the studies and results of a worker by state, and list the studies that were given up, by job number."""
    from monai_app.deploy.status import read_summary

    emit(read_summary(state), as_json=json)


@command
def retry(
    state: StateOption = Path("pacs-worker.sqlite"),
    job: Annotated[int | None, typer.Option(help="One of them, by the number that status lists.")] = None,
    json: JsonOption = False,
) -> None:
    """Let the studies that were given up be tried again; the worker may be running."""
    from monai_app.deploy.status import revive

    emit({"revived": revive(state, job, now=time.time())}, as_json=json)
