"""Many senders at once, kill -9 of the worker and of Orthanc meanwhile; shared by the tests and the benchmark."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from monai_app.deploy.segmentation import OBJECTS
from monai_app.dicom.stow import sop_instance_uids
from tests.deploy.orthanc_site import OrthancSite, WorkerProcess, wait_for
from tests.deploy.studies import tiny_app

PATIENCE_S = 240.0


def crash_trial(site: OrthancSite, worker: WorkerProcess, folders: Sequence[Path], *, senders: int) -> None:
    """Send every study, the first one from all senders at the same time, and come back when the worker is idle.

    The worker is killed while it treats a study and started again; Orthanc is killed when some studies, but not all,
    have results, and started again. A sender that was not told that every file was taken sends again.
    """
    worker.start()
    with ThreadPoolExecutor(senders) as pool:
        sent = [pool.submit(_send_until_taken, site, one) for one in [*[folders[0]] * (senders - 1), *folders]]
        wait_for(worker.at_work, every_s=0.02)
        worker.kill()
        assert worker.status()["jobs"]["running"] > 0
        worker.start()
        wait_for(lambda: 0 < worker.status()["results"]["current"] < len(folders), every_s=0.02)
        site.kill()
        site.start()
        for one in sent:
            one.result()
    wait_for(lambda: worker.idle(len(folders)), patience_s=PATIENCE_S)


def expected_sets(folders: Sequence[Path], scratch: Path) -> list[list[str]]:
    """The UIDs of the results of each study, all of whose slices were read, as :func:`result_sets` lists them."""
    app = tiny_app(scratch / "app")
    found = []
    for index, folder in enumerate(folders):
        app.run(folder, scratch / str(index), created=datetime(2026, 1, 1))
        found.append(sorted(sop_instance_uids(sorted((scratch / str(index) / OBJECTS).iterdir()))))
    return sorted(found)


def result_sets(site: OrthancSite) -> list[list[str]]:
    """The UIDs of the results of each study; every one of them is one object of each kind.

    Raises:
        AssertionError: where a set is partial, or two stand in one study.
    """
    found = [site.results(study) for study in site.studies()]
    for one in found:
        assert {modality: len(uids) for modality, uids in one.items()} == {"SEG": 1, "SR": 1, "OT": 1}
    return sorted(sorted(uid for uids in one.values() for uid in uids) for one in found)


def _send_until_taken(site: OrthancSite, folder: Path) -> None:
    wait_for(lambda: site.send(folder), every_s=0.5, patience_s=PATIENCE_S)
