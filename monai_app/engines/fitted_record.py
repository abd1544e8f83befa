"""Records fitted for one trained model and stored beside it: with its hashes, and not taken for other weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import ClassVar, Self

from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_checked_bytes, write_checked_text
from monai_app.core.records import Record

_SIDECAR = ".sha256"
_OWN = ("posthoc.json", "abstention.json", "novelty.json", "novelty.safetensors")


def model_files(folder: str | Path) -> dict[str, str]:
    """SHA-256 of every file that a model consists of: weights, trees, projections, ensemble weights.

    Raises:
        InputRejected: ``MODEL_MISSING`` where there is none.
    """
    root = Path(folder)
    sidecars = [*root.glob(f"*{_SIDECAR}"), *root.glob(f"trees/**/*{_SIDECAR}")]
    named = {path.relative_to(root).as_posix().removesuffix(_SIDECAR): path for path in sidecars}
    found = {
        name: path.read_text(errors="replace").partition(" ")[0].strip()
        for name, path in sorted(named.items())
        if name not in _OWN
    }
    if not found:
        raise InputRejected(
            "MODEL_MISSING",
            "there is no trained model in the model folder",
            expected="weights or trees with their .sha256",
            remedy="Train one first, or set model_dir to the folder of a trained one.",
        )
    return found


class FittedRecord(Record):
    """A record with the hashes of the model's files that it was fitted for."""

    file_name: ClassVar[str]
    model_files: dict[str, str]

    def write(self, folder: str | Path) -> None:
        """Write into the model folder, with its SHA-256."""
        text = json.dumps(self.model_dump(mode="json"), indent=1, sort_keys=True)
        write_checked_text(Path(folder) / self.file_name, text + "\n")

    @classmethod
    def stored(cls, folder: str | Path) -> Self | None:
        """The record in a model folder where it was fitted for the very files there; else None.

        Raises:
            InputRejected: ``HASH_MISSING``, ``HASH_MISMATCH``, ``RECORD_INVALID``; ``MODEL_MISSING``.
        """
        path = Path(folder) / cls.file_name
        if not path.is_file():
            return None
        record = cls.parse(json.loads(read_checked_bytes(path)))
        return record if record.model_files == model_files(folder) else None
