"""`monai-app cohort`."""

from __future__ import annotations

import typer

app = typer.Typer(help="Build and check cohorts.", no_args_is_help=True)

