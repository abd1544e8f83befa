"""The shipped bundle's configuration as plain dictionaries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monai_app.core.loading import read_yaml
from monai_app.engines.bundle import Workflow, config_files, find_bundle


def merged(workflow: Workflow, *overlays: str) -> dict[str, Any]:
    """Root ids of a workflow, later files before earlier ones, as MONAI merges them."""
    found: dict[str, Any] = {}
    for file in config_files(find_bundle("multimodal_diagnosis"), workflow, overlays):
        found |= read_yaml(file)
    return found


def has_entry(configuration: Mapping[str, Any], key: str) -> bool:
    """Whether ``a::b::c`` exists."""
    *path, last = key.split("::")
    for part in path:
        configuration = configuration.get(part, {})
    return last in configuration
