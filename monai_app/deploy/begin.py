"""Where a worker without a state file starts."""

from __future__ import annotations

from enum import StrEnum


class Begin(StrEnum):
    """With every study that the archive holds, or with those that come."""

    ALL = "all"
    NEW = "new"
