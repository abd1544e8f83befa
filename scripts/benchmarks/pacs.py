"""Whether every study ends with one set of results, and how long that takes, when both sides crash meanwhile.

    python scripts/benchmarks/pacs.py [--json] [--studies N] [--senders N] [--threads N]

A real Orthanc on loopback (scripts/system_packages.sh), storescu senders at the same time, and the worker with a tiny
network in a process of its own, which pauses a tenth of a second before and after each run. The first study is sent by
all senders at once. The worker is killed with kill -9 while it treats a study, Orthanc when some have results; both are
started again. Counted: studies with one whole set, and sets that were superseded because a study was run while the
rest of it was still to be sent again.
"""

from __future__ import annotations

import argparse
import datetime
import json
import sys
import tempfile
import time
from pathlib import Path

from _report import machine

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


def trial(folder: Path, *, studies: int, senders: int, threads: int) -> dict[str, object]:
    """One trial.

    Raises:
        AssertionError: where a study has no set, a part of one, or two.
    """
    from tests.deploy.crash_trial import crash_trial, expected_sets, result_sets
    from tests.deploy.orthanc_site import WorkerProcess, running_orthanc
    from tests.deploy.studies import ct_folders

    folders = ct_folders(folder / "in", studies)
    with running_orthanc(folder / "orthanc") as site:
        worker = WorkerProcess(site, folder / "worker", pause_s=0.1, threads=threads)
        started = time.monotonic()
        try:
            crash_trial(site, worker, folders, senders=senders)
            seconds = time.monotonic() - started
            whole = result_sets(site)
            status = worker.status()
        finally:
            worker.kill()
    assert whole == expected_sets(folders, folder / "expected"), "a set rests on a part of its study"
    return {
        "studies": studies,
        "senders": senders,
        "threads": threads,
        "studies_with_one_whole_set": len(whole),
        "sets_superseded": status["results"]["superseded"],
        "sets_unfinished": status["results"]["storing"],
        "given_up": status["jobs"]["dead"],
        "seconds": round(seconds, 1),
    }


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=50)
    parser.add_argument("--senders", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = trial(Path(folder), studies=given.studies, senders=given.senders, threads=given.threads)
    for name, value in found.items():
        print(f"{name.replace('_', ' '):30} {value}")
    if given.json:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        print(json.dumps({"name": "pacs", **found, "machine": machine(), "date": now}))


if __name__ == "__main__":
    main()
