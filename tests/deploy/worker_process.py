"""A worker with the tiny application, in a process of its own: URL, folder, pause in seconds, threads."""

from __future__ import annotations

import signal
import sys
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

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


def main() -> None:
    url, place, pause_s, threads = sys.argv[1:]
    configure_logging(verbose=True)
    signal.signal(signal.SIGTERM, stop_orderly)
    folder = Path(place)
    app = tiny_app(folder / "app")
    settings = Settings(
        folder / "state.sqlite", threads=int(threads), poll_s=0.2, quiet_s=0.2, retry_s=0.2, reserve_mib=1
    )
    serve(Orthanc(url), Slow(app, float(pause_s)), app_key(app), settings)


if __name__ == "__main__":
    main()
