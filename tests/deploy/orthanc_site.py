"""A real Orthanc on loopback, storescu to send to it, and a worker process; all of them can be killed."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests

from monai_app.deploy.status import read_summary
from tests.deploy.worker_process import work

ROOT = Path(__file__).resolve().parents[2]
PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")
USER, PASSWORD = "worker", "secret of the site"
PATIENCE_S = 90.0


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(what: Callable[[], object], *, every_s: float = 0.1, patience_s: float = PATIENCE_S) -> None:
    """Until it is true."""
    ends = time.monotonic() + patience_s
    while not what():
        if time.monotonic() > ends:
            raise TimeoutError("what was waited for did not come")
        time.sleep(every_s)


@dataclass
class OrthancSite:
    """An Orthanc with its storage in a folder, a user and a password, StableAge 1 s."""

    folder: Path
    http: int = field(default_factory=free_port)
    dicom: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http}"

    def start(self) -> None:
        if shutil.which("Orthanc") is None or shutil.which("storescu") is None or not PLUGIN.exists():
            pytest.skip("orthanc, orthanc-dicomweb or dcmtk is not installed (scripts/system_packages.sh)")
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {
            "Name": "test", "StorageDirectory": str(self.folder / "db"), "IndexDirectory": str(self.folder / "db"),
            "HttpPort": self.http, "DicomPort": self.dicom, "DicomAet": "PACS", "RemoteAccessAllowed": False,
            "AuthenticationEnabled": True, "RegisteredUsers": {USER: PASSWORD}, "StableAge": 1,
            "DicomAlwaysAllowStore": True, "Plugins": [str(PLUGIN)], "DicomWeb": {"Enable": True},
        }  # fmt: skip
        (self.folder / "orthanc.json").write_text(json.dumps(settings))
        with (self.folder / "orthanc.log").open("ab") as log:
            self.process = subprocess.Popen(["Orthanc", str(self.folder / "orthanc.json")], stdout=log, stderr=log)
        wait_for(self._answers)

    def _answers(self) -> bool:
        try:
            return self.get("/system").ok
        except requests.ConnectionError:
            return False

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", auth=(USER, PASSWORD), timeout=30)

    def kill(self) -> None:
        """As a crash does: SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def send(self, *folders: Path) -> bool:
        """Whether the archive took every file; storescu says it truthfully."""
        words = ["storescu", "-aec", "PACS", "127.0.0.1", str(self.dicom), "+sd", *map(str, folders)]
        done = subprocess.run(words, capture_output=True, check=False)
        return done.returncode == 0

    def studies(self) -> list[str]:
        return list(self.get("/studies").json())

    def results(self, study: str) -> dict[str, list[str]]:
        """SOP instance UIDs of the results of a study, by modality."""
        found: dict[str, list[str]] = {}
        for series in self.get(f"/studies/{study}/series").json():
            modality = series["MainDicomTags"]["Modality"]
            if modality != "CT":
                for one in self.get(f"/series/{series['ID']}/instances").json():
                    found.setdefault(modality, []).append(one["MainDicomTags"]["SOPInstanceUID"])
        return found


@contextmanager
def running_orthanc(folder: Path) -> Iterator[OrthancSite]:
    """A site that is gone afterwards."""
    site = OrthancSite(folder)
    try:
        site.start()
        yield site
    finally:
        site.kill()


@dataclass
class WorkerProcess:
    """A worker with the tiny application in a process of its own, forked from one that has imported everything."""

    site: OrthancSite
    folder: Path
    pause_s: float = 0.0
    threads: int = 1
    process: Any = None

    @property
    def state(self) -> Path:
        return self.folder / "state.sqlite"

    @property
    def log(self) -> Path:
        return self.folder / "worker.log"

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)  # the fork server reads it when it starts
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["tests.deploy.worker_process"])
        self.process = context.Process(
            target=work,
            args=(self.site.url, (USER, PASSWORD), self.folder, self.pause_s, self.threads),
            daemon=True,
        )
        self.process.start()

    def kill(self) -> None:
        """As a crash does: SIGKILL."""
        if self.process is not None:
            self.process.kill()
            self.process.join()

    def status(self) -> dict[str, Any]:
        return read_summary(self.state)

    def at_work(self) -> bool:
        """Whether a study is being downloaded, run or stored."""
        return any(self.state.with_name(f"{self.state.name}.work").glob("job-*"))

    def idle(self, studies: int) -> bool:
        """Whether every study was settled, and the feed was read to its end."""
        if not self.state.exists():
            return False
        end, status = self.site.get("/changes?last").json()["Last"], self.status()
        jobs = status["jobs"]
        return bool(jobs["done"] == sum(jobs.values()) == studies and status["feed_position"] == end)
