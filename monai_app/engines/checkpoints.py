"""Checkpoints that survive a crash: written atomically, the newest readable one wins, older ones are removed.

MONAI's CheckpointSaver is not atomic and Ignite's DiskSaver does not fsync; these go through ``core.loading``.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from monai_app.core.errors import InputRejected
from monai_app.core.loading import load_checkpoint, save_checkpoint

logger = logging.getLogger(__name__)

KEPT = 2
"""How many checkpoints stay: the newest, and one to fall back to."""


class CheckpointFolder:
    """A folder of training states, one a file, named by the number of finished iterations."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def files(self) -> list[Path]:
        """The checkpoints, oldest first."""
        return sorted(self.path.glob("[0-9]*.pt")) if self.path.is_dir() else []

    def save(self, iteration: int, state: Mapping[str, Any]) -> Path:
        """Write the state after ``iteration`` and remove all but the newest :data:`KEPT`.

        Raises:
            AppError: ``WRITE_FAILED``; earlier checkpoints stay.
        """
        target = self.path / f"{iteration:09d}.pt"
        save_checkpoint(target, state)
        for old in self.files()[:-KEPT]:
            old.unlink()
        return target

    def newest(self) -> dict[str, Any] | None:
        """The newest readable state; None where there are no checkpoints.

        An unreadable one is reported in the log and removed, so that it cannot push a good one out.

        Raises:
            InputRejected: ``CHECKPOINTS_UNREADABLE`` when there are some but none can be read.
        """
        if self.path.is_dir():
            for torn in self.path.glob(".*.pt"):
                torn.unlink()
        files = self.files()
        for file in reversed(files):
            try:
                state = load_checkpoint(file)
            except InputRejected:
                logger.warning(
                    "the checkpoint after iteration %s is damaged; falling back to the previous one", int(file.stem)
                )
                continue
            for damaged in files[files.index(file) + 1 :]:
                damaged.unlink()
            return state
        if files:
            raise InputRejected(
                "CHECKPOINTS_UNREADABLE",
                "none of the checkpoints can be read",
                got=f"{len(files)} damaged files",
                expected="at least one intact checkpoint",
                remedy="Remove the checkpoints folder to train again from the start.",
            )
        return None
