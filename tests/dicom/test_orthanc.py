"""Orthanc's REST API: what arrives is in the feed, what is stored is there once, faults are typed and tell nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pydicom
import pytest

from monai_app.core.errors import AppError, InputRejected
from monai_app.dicom.orthanc import Orthanc
from tests.deploy.orthanc_site import PASSWORD, USER, OrthancSite, free_port, running_orthanc, wait_for
from tests.deploy.studies import ct_folders
from tests.faults.series import ct, each, write

NOWHERE = "-".join(["0" * 8] * 5)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OrthancSite]:
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as site:
        yield site


def test_a_study_from_the_feed_to_the_disk_and_back(
    site: OrthancSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONAI_APP_ORTHANC_USER", USER)
    monkeypatch.setenv("MONAI_APP_ORTHANC_PASSWORD", PASSWORD)
    archive = Orthanc(site.url)
    start = archive.last_change()
    (folder,) = ct_folders(tmp_path, 1)
    assert site.send(folder)
    page = archive.changes(start)
    assert page.done and page.position == archive.last_change() > start
    (study,) = archive.studies_of(page.resources)
    assert archive.studies_of([NOWHERE]) == archive.studies_of([]) == ()
    wait_for(lambda: archive.images(study).stable)
    images = archive.images(study)
    assert len(images.instances) == 6 and images.disk_bytes > 6 * 2 * 120 and study not in repr((page, images))
    archive.download(images.instances[0], tmp_path / "one.dcm")
    sent = [pydicom.dcmread(path).PixelData for path in folder.iterdir()]
    assert pydicom.dcmread(tmp_path / "one.dcm").PixelData in sent
    with pytest.raises(AppError, match="PACS_GONE"):
        archive.download(NOWHERE, tmp_path / "two.dcm")
    assert not (tmp_path / "two.dcm").exists()


def test_what_is_stored_is_there_once_and_can_be_removed_twice(site: OrthancSite, tmp_path: Path) -> None:
    archive = Orthanc(site.url, credentials=(USER, PASSWORD))
    uids = [f"2.25.5{index}" for index in range(6)]
    files = write(
        tmp_path,
        each(ct(), StudyInstanceUID="2.25.555", PatientID="P5", Modality="SR", SOPInstanceUID=lambda i: uids[i]),
    )
    start = archive.last_change()
    assert archive.uids(files) == uids
    archive.store(files)
    archive.store(files)
    (study,) = archive.studies_of(archive.changes(start).resources)
    stored = archive.stored(study)
    assert sorted(stored) == uids and archive.images(study).instances == ()
    archive.remove([stored[uids[0]]])
    archive.remove([stored[uids[0]], stored[uids[1]]])
    assert sorted(archive.stored(study)) == uids[2:]


def test_the_wrong_password_is_a_typed_error(site: OrthancSite) -> None:
    with pytest.raises(AppError, match="PACS_REFUSED.*401"):
        Orthanc(site.url, credentials=(USER, "wrong")).last_change()


def test_an_archive_that_is_down_is_a_typed_error_without_its_url(tmp_path: Path) -> None:
    archive = Orthanc(f"http://127.0.0.1:{free_port()}", credentials=("u", "p"), timeout_s=2)
    files = write(tmp_path, ct()[:1])
    for call in (archive.last_change, lambda: archive.images("CANARY"), lambda: archive.store(files)):
        with pytest.raises(AppError, match="PACS_UNREACHABLE") as caught:
            call()
        assert "127.0.0.1" not in str(caught.value) and "CANARY" not in str(caught.value)


@pytest.mark.parametrize("url", ["ftp://host", "host:8042", "http://user:secret@host:8042", "http://"])
def test_addresses_that_are_none_and_passwords_in_them_are_refused(url: str) -> None:
    with pytest.raises(InputRejected, match="PACS_URL") as caught:
        Orthanc(url)
    assert "secret" not in str(caught.value)


class Odd(BaseHTTPRequestHandler):
    """An archive that answers with something else, or not at all."""

    answer: bytes = b""
    status = 200
    released = threading.Event()

    def do_GET(self) -> None:
        if self.answer == b"silence":
            self.released.wait(10)
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(self.answer)))
        self.send_header("Location", "http://elsewhere/")
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("answer", "status", "code"),
    [
        (b"no JSON", 200, "PACS_ANSWER"),
        (b"[1, 2]", 200, "PACS_ANSWER"),
        (json.dumps({"Last": "many"}).encode(), 200, "PACS_ANSWER"),
        (b"", 302, "PACS_REFUSED"),
        (b"", 500, "PACS_REFUSED"),
        (b"silence", 200, "PACS_TIMEOUT"),
    ],
)
def test_odd_answers_are_typed_errors(answer: bytes, status: int, code: str) -> None:
    handler = type("Handler", (Odd,), {"answer": answer, "status": status, "released": threading.Event()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        archive = Orthanc(f"http://127.0.0.1:{server.server_address[1]}", credentials=("u", "p"), timeout_s=0.3)
        with pytest.raises(AppError, match=code):
            archive.last_change()
    finally:
        handler.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
