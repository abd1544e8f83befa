"""Where the product's own YAML files lie: beside the checkout, or under ``share/monai_app`` of an installation."""

from __future__ import annotations

import sys
from pathlib import Path

from monai_app.core.errors import AppError

_CANDIDATES = (Path(__file__).resolve().parents[2], Path(sys.prefix) / "share" / "monai_app")


def resource(*parts: str) -> Path:
    """The path of a shipped file or folder, such as ``resource("configs", "cohorts", "eicu.yaml")``.

    Raises:
        AppError: ``RESOURCE_MISSING``.
    """
    for root in _CANDIDATES:
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise AppError(
        "RESOURCE_MISSING",
        f"the shipped file {'/'.join(parts)} was not found",
        expected="a complete checkout or installation",
        remedy="Reinstall the package.",
    )
