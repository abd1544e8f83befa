"""A trained model as a folder: model.safetensors with its sha256, spec.json, and a tokenizer where there are notes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.core.atomic import sha256_file, write_json
from monai_app.core.errors import InputRejected
from monai_app.core.loading import load_weights, read_json, save_weights
from monai_app.core.records import Record
from monai_app.engines.averaging import AveragedNetwork
from monai_app.engines.distributed import unwrapped

R = TypeVar("R", bound=Record)

WEIGHTS_NAME = "model.safetensors"
SPEC_NAME = "spec.json"


def plain_network(network: nn.Module) -> nn.Module:
    """The network itself, without the shells of averaging and of distributed training."""
    inner = network.module if isinstance(network, AveragedNetwork) else network
    return unwrapped(inner)


def write_model(folder: str | Path, network: nn.Module, spec: Record, notes: Mapping[str, Any] | None = None) -> str:
    """Write weights, hash and spec; return the weights' sha256.

    Args:
        notes: what to say about the weights in the safetensors header (epoch, score).
    """
    target = Path(folder)
    write_json(target / SPEC_NAME, spec.model_dump(mode="json"))
    # One header entry: safetensors writes several in random order, and equal weights must give equal files.
    header = {"about": json.dumps(dict(notes or {}), sort_keys=True)}
    return save_weights(target / WEIGHTS_NAME, plain_network(network).state_dict(), header)


def finished_step(folder: str | Path, record_name: str) -> dict[str, Any] | None:
    """The record of a step after training, where it was made for the very weights in the folder; else None."""
    record_path, weights_path = Path(folder) / record_name, Path(folder) / WEIGHTS_NAME
    if not record_path.is_file() or not weights_path.is_file():
        return None
    record: dict[str, Any] = read_json(record_path)
    return record if record["model_sha256"] == sha256_file(weights_path) else None


def read_spec(folder: str | Path) -> ModelSpec:
    """The spec of a trained multimodal model; raises as :func:`read_record`."""
    return read_record(folder, ModelSpec)


def read_record(folder: str | Path, kind: type[R]) -> R:
    """The spec of a trained model, of the kind that its network has.

    Raises:
        InputRejected: ``MODEL_MISSING``, ``RECORD_INVALID``.
    """
    path = Path(folder) / SPEC_NAME
    if not path.is_file():
        raise _missing()
    return kind.read(path)


def load_model(network: nn.Module, folder: str | Path) -> nn.Module:
    """Put a trained model's weights into a network of the same configuration and return it in evaluation mode.

    Raises:
        InputRejected: ``MODEL_MISSING``, ``MODEL_MISFIT``, ``HASH_MISSING``, ``HASH_MISMATCH``, ``WEIGHTS_UNREADABLE``.
    """
    path = Path(folder) / WEIGHTS_NAME
    if not path.is_file():
        raise _missing()
    weights = load_weights(path)
    try:
        plain_network(network).load_state_dict(weights)
    except RuntimeError as error:
        raise InputRejected(
            "MODEL_MISFIT",
            "the weights do not fit the configured network",
            got=f"{len(weights)} tensors",
            expected="the network that was trained",
            remedy="Evaluate and predict with the fusion overlay and the settings of the training.",
        ) from error
    return network.eval()


def _missing() -> InputRejected:
    return InputRejected(
        "MODEL_MISSING",
        "there is no trained model in the model folder",
        expected=f"{WEIGHTS_NAME}, its .sha256 and {SPEC_NAME}",
        remedy="Train one first (`run training`), or set model_dir to the folder of a trained one.",
    )


def trained_weights(folder: str | Path, *, what: str) -> dict[str, Tensor]:
    """The weights of another training, to start from or to take a part of.

    Args:
        what: it should be, for the error: ``trained multimodal model``.

    Raises:
        InputRejected: ``MODEL_MISSING``, and as :func:`monai_app.core.loading.load_weights`.
    """
    path = Path(folder) / WEIGHTS_NAME
    if not path.is_file():
        raise InputRejected("MODEL_MISSING", f"there is no {what}", expected=WEIGHTS_NAME)
    return load_weights(path)
