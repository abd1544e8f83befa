"""A worker with the tiny application, for a process of its own."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import torch

from monai_app.cli.app import stop_orderly
from monai_app.core.logging import configure_logging
from monai_app.deploy.segmentation import SegmentationApp
from monai_app.deploy.serve import Settings, app_key, serve
from monai_app.dicom.orthanc import Orthanc
from tests.deploy.studies import tiny_app


@dataclass(frozen=True)
class Slow:
    """The application with a pause on either side, so that a crash hits it."""

    app: SegmentationApp
    pause_s: float

    def run(self, folder: Path, out: Path, *, created: datetime) -> dict[str, Any]:
        time.sleep(self.pause_s)
        record = self.app.run(folder, out, created=created)
        time.sleep(self.pause_s)
        return record


def work(url: str, credentials: tuple[str, str], folder: Path, pause_s: float, threads: int) -> None:
    """Until it is killed; everything that it says goes to worker.log."""
    log = os.open(folder / "worker.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(log, stream)
    configure_logging(verbose=True)
    signal.signal(signal.SIGTERM, stop_orderly)
    torch.set_num_threads(1)
    app = tiny_app(folder / "app")
    settings = Settings(folder / "state.sqlite", threads=threads, poll_s=0.2, quiet_s=0.2, retry_s=0.2, reserve_mib=1)
    serve(Orthanc(url, credentials=credentials), Slow(app, pause_s), app_key(app), settings)
