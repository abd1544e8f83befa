"""The settings of ``configs/logging.yaml``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from monai_app.core.records import Record

Level = Literal["DEBUG", "INFO", "WARNING", "ERROR"]


class LogSettings(Record):
    """What is logged.

    Attributes:
        level: of every logger that is not named.
        loggers: level by name, for a logger and all below it.
        file: where the lines are appended too, besides stderr.
    """

    level: Level = "INFO"
    loggers: dict[str, Level] = Field(default_factory=dict)
    file: Path | None = None
