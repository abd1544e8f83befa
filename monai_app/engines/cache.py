"""A cache on disk of preprocessed samples, so that films are decoded once and not once an epoch.

An entry is found by what the transforms are configured to do, by their source code, and by the sample's input (a file
by its size and time of change). A changed transform or file therefore misses; a damaged entry fails its sha256 and is
made again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch

from monai_app.core.errors import InputRejected
from monai_app.core.loading import load_weights, save_weights
from monai_app.engines.batches import plain_tensor
from monai_app.engines.identity import code_identity


class PreparedCache:
    """Applies deterministic transforms to an item, or reads what they made of it before.

    Args:
        folder: of the cache; may be shared by trainings.
        transform: deterministic; what it turns into tensors is kept.
    """

    def __init__(self, folder: str | Path, transform: Callable[[dict[str, Any]], Mapping[Any, Any]]) -> None:
        self.transform = transform
        self.folder = Path(folder) / code_identity(transform)[:16]

    def __call__(self, item: dict[str, Any]) -> dict[Any, Any]:
        """The item after the transforms."""
        path = self.folder / f"{_entry_name(item)}.safetensors"
        if path.is_file():
            try:
                return {**item, **load_weights(path)}
            except InputRejected:
                path.unlink()
        made = dict(self.transform(dict(item)))
        tensors = {str(key): plain_tensor(value) for key, value in made.items() if isinstance(value, torch.Tensor)}
        if tensors:
            save_weights(path, tensors)
        return made


def _entry_name(item: Mapping[str, Any]) -> str:
    """Hash of what the transforms read: texts, paths with the state of their file, presence bits, identity."""
    digest = hashlib.sha256()
    for key in sorted(item):
        value = item[key]
        if isinstance(value, tuple | list) and all(isinstance(part, str) for part in value):
            value = "\x1f".join(f"{part}{_file_state(part)}" for part in value)
        if isinstance(value, str):
            digest.update(f"{key}={value}{_file_state(value)}\0".encode())
        elif isinstance(value, bool | int):
            digest.update(f"{key}={value}\0".encode())
    return digest.hexdigest()[:32]


def _file_state(text: str) -> str:
    if not text.startswith("/") or len(text) > 4096:
        return ""
    path = Path(text)
    if not path.exists():
        return ""
    files = sorted(path.iterdir()) if path.is_dir() else [path]  # a series is a folder
    states = [file.stat() for file in files]
    return " ".join(f"{state.st_size} {state.st_mtime_ns}" for state in states)
