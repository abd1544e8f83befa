"""Files that run code when a careless reader opens them: they make a marker file."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch


class Payload:
    """Unpickling this makes the marker file."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.marker,)


def pickled(marker: Path) -> bytes:
    """A plain pickle."""
    return pickle.dumps({"weights": Payload(marker)})


def checkpoint(marker: Path) -> bytes:
    """What torch.save makes of it."""
    stream = io.BytesIO()
    torch.save({"weights": Payload(marker)}, stream)
    return stream.getvalue()


def legacy_checkpoint(marker: Path) -> bytes:
    """The same in torch's old format without a zip archive."""
    stream = io.BytesIO()
    torch.save({"weights": Payload(marker)}, stream, _use_new_zipfile_serialization=False)
    return stream.getvalue()


def object_array(marker: Path) -> bytes:
    """A .npy array of objects."""
    stream = io.BytesIO()
    np.save(stream, np.array([Payload(marker)], dtype=object), allow_pickle=True)
    return stream.getvalue()


MALICIOUS = {"pickle": pickled, "torch": checkpoint, "legacy torch": legacy_checkpoint, "npy": object_array}
