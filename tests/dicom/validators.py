"""Validators of DICOM objects: dciodvfy (dicom3tools), and the tables of PS3.3 that highdicom carries."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from highdicom._standard_utils import get_iod_module_map, get_module_attribute_map, get_sop_class_iod_map
from pydicom.dataset import Dataset

_BY_VALUE_TYPE = "sr-document-content"
"""What it requires depends on the value type of a content item, which the tables do not say."""


def dciodvfy_errors(data: bytes, folder: Path) -> list[str]:
    """The errors that dciodvfy finds; it names the object that it took the file for, too."""
    if shutil.which("dciodvfy") is None:
        pytest.skip("dciodvfy is not installed (scripts/system_packages.sh)")
    path = folder / "object"
    path.write_bytes(data)
    done = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return [line for line in lines if line.startswith("Error") or "rror -" in line]


def module_faults(dataset: Dataset) -> list[str]:
    """What the object's definition requires and the object lacks, and what it holds besides."""
    modules = get_iod_module_map()[get_sop_class_iod_map()[dataset.SOPClassUID]]
    attributes = get_module_attribute_map()
    faults, known = [], set()
    for module in modules:
        for attribute in attributes[module["key"]]:
            keyword = attribute["keyword"]
            if attribute["path"]:
                continue
            known.add(keyword)
            if module["usage"] != "M" or module["key"] == _BY_VALUE_TYPE:
                continue
            if attribute["type"] in ("1", "2") and keyword not in dataset:
                faults.append(f"{keyword} is missing")
            elif attribute["type"] == "1" and dataset[keyword].is_empty:
                faults.append(f"{keyword} is empty")
    return faults + [
        f"{element.keyword} is none of its attributes" for element in dataset if element.keyword not in known
    ]
