"""Safe loading: nothing that is read can run code.

Weights are safetensors with a sha256 beside them; checkpoints are read with ``weights_only=True`` and never
fall back to pickle; arrays never unpickle.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import yaml
from safetensors import SafetensorError, safe_open
from safetensors.torch import load as _safetensors_load
from safetensors.torch import save as _safetensors_save

from monai_app.core.atomic import atomic_path, sha256_bytes, write_bytes, write_text
from monai_app.core.errors import InputRejected


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")


def save_weights(path: str | Path, tensors: Mapping[str, torch.Tensor], metadata: dict[str, str] | None = None) -> str:
    """Write tensors as safetensors and their SHA-256 as ``<name>.sha256``; return the hash."""
    target = Path(path)
    plain = {name: tensor.detach().to("cpu").contiguous().clone() for name, tensor in tensors.items()}
    digest = write_bytes(target, _safetensors_save(plain, metadata))
    write_text(_sidecar(target), f"{digest}  {target.name}\n")
    return digest


def weights_notes(path: str | Path) -> dict[str, Any]:
    """What the header of a safetensors file says about its weights (``about``); empty where it says nothing.

    Raises:
        InputRejected: ``WEIGHTS_UNREADABLE``.
    """
    try:
        with safe_open(str(path), "pt") as opened:
            told: Any = json.loads((opened.metadata() or {}).get("about", "{}"))
    except (SafetensorError, OSError, ValueError):
        raise InputRejected(
            "WEIGHTS_UNREADABLE", "a weights file has no readable header", expected="a safetensors file"
        ) from None
    return told if isinstance(told, dict) else {}


def write_checked_text(path: str | Path, text: str) -> str:
    """Write a model's text file and its SHA-256 beside it, for :func:`read_checked_bytes`; return the hash."""
    target = Path(path)
    digest = write_text(target, text)
    write_text(_sidecar(target), f"{digest}  {target.name}\n")
    return digest


def read_checked_bytes(path: str | Path) -> bytes:
    """A file's bytes, after comparing them with the ``<name>.sha256`` beside it.

    Raises:
        InputRejected: ``FILE_NOT_FOUND``, ``HASH_MISSING`` or ``HASH_MISMATCH``.
    """
    source = Path(path)
    data = _read_bytes(source)
    sidecar = _sidecar(source)
    if not sidecar.is_file():
        raise InputRejected(
            "HASH_MISSING",
            "a model file has no .sha256 beside it",
            expected="<file>.sha256 written together with the file",
            remedy="Restore the pair from where the bundle came from.",
        )
    expected = sidecar.read_text(errors="replace").partition(" ")[0].strip()
    got = sha256_bytes(data)
    if got != expected:
        raise InputRejected(
            "HASH_MISMATCH",
            "a model file does not match its recorded SHA-256",
            got=got[:12],
            expected=expected[:12],
            remedy="The file was damaged or changed; restore it. It was not loaded.",
        )
    return data


def load_weights(path: str | Path) -> dict[str, torch.Tensor]:
    """Read a safetensors file after checking its SHA-256.

    Raises:
        InputRejected: as :func:`read_checked_bytes`, or ``WEIGHTS_UNREADABLE``.
    """
    data = read_checked_bytes(path)
    try:
        return _safetensors_load(data)
    except SafetensorError as error:
        raise InputRejected(
            "WEIGHTS_UNREADABLE",
            "a weights file is not safetensors",
            expected="a .safetensors file",
            remedy="Pickled weights (.pt, .pkl) can run code and are refused; convert them where they are trusted.",
        ) from error


def save_checkpoint(path: str | Path, state: Mapping[str, Any]) -> None:
    """Write a training state (tensors and plain containers only) atomically with ``torch.save``."""
    with atomic_path(path) as temporary:
        torch.save(dict(state), temporary)


def load_checkpoint(path: str | Path, *, map_location: str = "cpu") -> dict[str, Any]:
    """Read a training state with ``weights_only=True``; there is no other way in.

    Raises:
        InputRejected: ``CHECKPOINT_UNREADABLE`` for a truncated, zeroed, altered or pickled-code file.
    """
    source = Path(path)
    if not source.is_file():
        raise _not_found("a checkpoint")
    try:
        with zipfile.ZipFile(source) as archive:  # torch.load does not look at the checksums that torch.save wrote
            if archive.testzip() is not None:
                raise zipfile.BadZipFile
        state = torch.load(source, map_location=map_location, weights_only=True)
    except Exception as error:  # a damaged file may fail anywhere in the reader
        raise InputRejected(
            "CHECKPOINT_UNREADABLE",
            "a checkpoint is damaged or holds more than tensors",
            got=type(error).__name__,
            expected="a file written by this program",
            remedy="Delete it; training falls back to the previous one.",
        ) from error
    if not isinstance(state, dict):
        raise InputRejected("CHECKPOINT_UNREADABLE", "a checkpoint is not a dictionary", got=type(state).__name__)
    return state


def load_array(path: str | Path) -> npt.NDArray[Any]:
    """Read a ``.npy`` array; pickled objects are refused, and nothing is allocated that the file does not hold.

    Raises:
        InputRejected: ``ARRAY_UNREADABLE``.
    """
    try:
        loaded = np.load(Path(path), mmap_mode="r", allow_pickle=False)
    except Exception as error:  # a damaged header may fail anywhere in the reader
        raise InputRejected(
            "ARRAY_UNREADABLE",
            "an array file is damaged or holds pickled objects",
            got=type(error).__name__,
            expected="a plain .npy array",
        ) from error
    if not isinstance(loaded, np.ndarray):
        raise InputRejected("ARRAY_UNREADABLE", "an archive of arrays was given", expected="a single .npy array")
    return np.array(loaded)


def read_json(path: str | Path) -> Any:
    """Parse a JSON file.

    Raises:
        InputRejected: ``FILE_NOT_FOUND`` or ``JSON_INVALID``.
    """
    try:
        return json.loads(_read_bytes(Path(path)))
    except (ValueError, RecursionError) as error:
        raise InputRejected("JSON_INVALID", "a file is not valid JSON", remedy="Restore or rebuild it.") from error


def read_yaml(path: str | Path) -> Any:
    """Parse a YAML file with the safe loader.

    Raises:
        InputRejected: ``FILE_NOT_FOUND`` or ``YAML_INVALID``.
    """
    try:
        return yaml.safe_load(_read_bytes(Path(path)))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputRejected("YAML_INVALID", "a file is not valid YAML", remedy="Check its indentation.") from error


def _read_bytes(source: Path) -> bytes:
    if not source.is_file():
        raise _not_found("a file")
    try:
        return source.read_bytes()
    except OSError as error:
        raise InputRejected("FILE_UNREADABLE", "a file cannot be read", got=type(error).__name__) from None


def _not_found(what: str) -> InputRejected:
    return InputRejected("FILE_NOT_FOUND", f"{what} is missing", remedy="Check the path that was given.")
