"""STOW-RS: all files in one request, no UID in its URL, and a refusal of one of them is an error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from pydicom.dataset import Dataset

from monai_app.core.errors import AppError
from monai_app.dicom.stow import sop_instance_uids, stow
from tests.faults.series import ct, each, write


class Service(BaseHTTPRequestHandler):
    """Refuses as many instances as it is told."""

    refused = 0
    asked: list[tuple[str, bytes]]

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        self.asked.append((self.path, self.rfile.read(size)))
        answer = Dataset()
        answer.FailedSOPSequence = [Dataset() for _ in range(self.refused)]
        body = answer.to_json().encode()
        self.send_response(202 if self.refused else 200)
        self.send_header("Content-Type", "application/dicom+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service() -> Iterator[tuple[type[Service], str]]:
    handler = type("Handler", (Service,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_address[1]}/dicom-web"
    server.shutdown()
    server.server_close()
    thread.join()


def files(folder: Path) -> list[Path]:
    return write(folder, each(ct()[:3], SOPInstanceUID=lambda index: f"2.25.9{index}"))


def test_one_request_whose_url_names_nothing(service: tuple[type[Service], str], tmp_path: Path) -> None:
    handler, url = service
    stow(url, files(tmp_path), session=requests.Session(), timeout_s=5)
    ((path, body),) = handler.asked
    assert path == "/dicom-web/studies" and body.count(b"application/dicom\r\n") == 3
    assert all(uid.encode() in body for uid in sop_instance_uids(files(tmp_path)))


def test_a_refusal_is_an_error(service: tuple[type[Service], str], tmp_path: Path) -> None:
    handler, url = service
    handler.refused = 1
    with pytest.raises(AppError, match="PACS_STORE.*1 of 3 refused"):
        stow(url, files(tmp_path), session=requests.Session(), timeout_s=5)
    assert len(handler.asked) == 1
