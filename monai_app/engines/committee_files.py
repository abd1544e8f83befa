"""Committees in files: trees as LightGBM's text, regressions as tensors, each with its SHA-256, and a record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import lightgbm
import torch

from monai_app.core.loading import load_weights, read_checked_bytes, save_weights, write_checked_text
from monai_app.engines.boosting import Part
from monai_app.engines.committee import FOREST, Committee
from monai_app.engines.linear import LinearPart

_LINEAR_NAME = "linear.safetensors"


def write_committees(folder: Path, committees: Mapping[str, Committee]) -> dict[str, Any]:
    """Write the models of each task; returns the record that :func:`read_committees` reads them by."""
    tensors: dict[str, torch.Tensor] = {}
    record: dict[str, Any] = {}
    for task, committee in committees.items():
        members: dict[str, list[dict[str, Any]]] = {}
        for name, parts in committee.members.items():
            members[name] = []
            for index, part in enumerate(parts):
                stem = f"{task}/{name}/{index}"
                if isinstance(part, Part):
                    members[name].append(_write_part(folder, f"trees/{stem}", part))
                else:
                    tensors |= part.tensors(stem)
                    members[name].append({"tensors": stem})
        record[task] = {"members": members, "weights": dict(committee.weights), "intercept": committee.intercept}
    if tensors:
        save_weights(folder / _LINEAR_NAME, tensors)
    return record


def read_committees(folder: Path, record: Mapping[str, Any]) -> dict[str, Committee]:
    """What :func:`write_committees` wrote; a task that is a list of trees is a committee of these alone.

    Raises:
        InputRejected: as :func:`monai_app.core.loading.read_checked_bytes`.
    """
    linear = folder / _LINEAR_NAME
    tensors = load_weights(linear) if linear.is_file() else {}
    committees = {}
    for task, held in record.items():
        if isinstance(held, list):
            committees[task] = Committee({"trees": [_read_part(folder, part, averages=False) for part in held]})
            continue
        members = {
            name: [
                LinearPart.from_tensors(tensors, part["tensors"])
                if "tensors" in part
                else _read_part(folder, part, averages=name == FOREST)
                for part in parts
            ]
            for name, parts in held["members"].items()
        }
        committees[task] = Committee(members, held["weights"], held["intercept"])
    return committees


def _write_part(folder: Path, stem: str, part: Part) -> dict[str, Any]:
    files = []
    for index, model in enumerate(part.models):
        files.append(f"{stem}-{index}.txt")
        write_checked_text(folder / files[-1], model.model_to_string())
    return {"constant": part.constant, "files": files}


def _read_part(folder: Path, part: Mapping[str, Any], *, averages: bool) -> Part:
    models = tuple(lightgbm.Booster(model_str=read_checked_bytes(folder / file).decode()) for file in part["files"])
    return Part(models=models, constant=part["constant"], averages=averages and bool(models))
