"""Shipped files are found wherever the command is run."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.core.errors import AppError
from monai_app.core.resources import resource


def test_configs_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert resource("configs", "cohorts").is_dir()


def test_missing_resource_is_named() -> None:
    with pytest.raises(AppError, match=r"RESOURCE_MISSING.*configs/none\.yaml"):
        resource("configs", "none.yaml")
