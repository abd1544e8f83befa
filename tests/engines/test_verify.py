"""Verification tells what is wrong, and parses nothing of an unsafe bundle."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from monai_app.core.resources import resource
from monai_app.engines.verify import Check, check_metadata, verification_report, verify_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    shutil.copytree(resource("bundles", "multimodal_diagnosis", "configs"), tmp_path / "bundle" / "configs")
    return tmp_path / "bundle"


def test_shipped_metadata_fits_its_schema_without_a_network(bundle: Path) -> None:
    assert check_metadata(bundle).faults == ()


def test_fault_of_the_metadata_is_named_by_its_place(bundle: Path) -> None:
    path = bundle / "configs" / "metadata.json"
    metadata = json.loads(path.read_text())
    metadata["version"] = 3
    path.write_text(json.dumps(metadata))
    assert check_metadata(bundle).faults == ("version: type",)


def test_missing_schema_is_a_fault(bundle: Path) -> None:
    (bundle / "configs" / "metadata_schema.json").unlink()
    (fault,) = check_metadata(bundle).faults
    assert "missing" in fault


def test_unsafe_bundle_gets_the_lint_only(bundle: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    (bundle / "configs" / "smoke.yaml").write_text(f"x: $__import__('pathlib').Path('{marker}').touch()\n")
    (lint,) = verify_bundle(bundle)
    assert lint.name == "lint" and lint.faults and not marker.exists()


def test_report_passes_only_without_faults() -> None:
    assert verification_report([Check("a", ()), Check("b", ())])["passed"] is True
    report = verification_report([Check("a", ()), Check("b", ("wrong",))])
    assert report == {"passed": False, "checks": {"a": "passed", "b": ["wrong"]}}
