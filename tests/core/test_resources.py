"""Shipped files are found wherever the command is run, in a checkout and in a built package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from monai_app.core import resources
from monai_app.core.errors import AppError
from monai_app.core.resources import resource

ROOT = Path(__file__).resolve().parents[2]


def test_configs_are_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert resource("configs", "cohorts").is_dir()


def test_missing_resource_is_named() -> None:
    with pytest.raises(AppError, match=r"RESOURCE_MISSING.*configs/none\.yaml"):
        resource("configs", "none.yaml")


def test_an_installed_package_reads_its_own_files_and_not_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "monai_app" / "shipped" / "configs"
    own.mkdir(parents=True)
    (tmp_path / "configs" / "cohorts").mkdir(parents=True)
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "monai_app")
    assert resource("configs") == own
    with pytest.raises(AppError, match="RESOURCE_MISSING"):
        resource("configs", "cohorts")


def test_a_built_package_holds_every_bundle_and_config(tmp_path: Path) -> None:
    source = tmp_path / "source"
    for folder in ("bundles", "configs"):
        shutil.copytree(ROOT / folder, source / folder)
    (source / "monai_app").mkdir()
    shutil.copy(ROOT / "monai_app" / "__init__.py", source / "monai_app")
    (source / "scripts").mkdir()
    for file in ("scripts/build_resources.py", "setup.cfg", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / file, source / file)
    build = "from setuptools import setup; setup()"
    subprocess.run([sys.executable, "-c", build, "-q", "build"], cwd=source, check=True, capture_output=True)
    built = source / "build" / "lib" / "monai_app" / "shipped"
    for folder in ("bundles", "configs"):
        files = {path.relative_to(ROOT) for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert files == {path.relative_to(built) for path in (built / folder).rglob("*") if path.is_file()}
