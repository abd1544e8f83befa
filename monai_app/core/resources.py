"""Where the product's own YAML files lie: inside an installed package, or beside the package in a checkout."""

from __future__ import annotations

from pathlib import Path

from monai_app.core.errors import AppError

_PACKAGE = Path(__file__).resolve().parents[1]


def resource(*parts: str) -> Path:
    """The path of a shipped file or folder, such as ``resource("configs", "cohorts", "eicu.yaml")``.

    Raises:
        AppError: ``RESOURCE_MISSING``.
    """
    path = _root(_PACKAGE).joinpath(*parts)
    if not path.exists():
        raise AppError(
            "RESOURCE_MISSING",
            f"the shipped file {'/'.join(parts)} was not found",
            expected="a complete checkout or installation",
            remedy="Reinstall the package.",
        )
    return path


def _root(package: Path) -> Path:
    """``scripts/build_resources.py`` copies the folders into a built package; beside that lie other people's."""
    shipped = package / "shipped"
    return shipped if shipped.is_dir() else package.parent
