"""A record from a server: page by page, by POST, one host, no identifier in a URL, no token in an error."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from monai_app.cohort.fhir.patient import Subject
from monai_app.cohort.fhir.server import TOKEN_VARIABLE, fetch_resources
from monai_app.core.errors import AppError, InputRejected
from tests.cohort.fhir.records import bundle, observation, patient


class FhirServer(BaseHTTPRequestHandler):
    """Two pages of observations, one patient; remembers what it was asked."""

    asked: ClassVar[list[tuple[str, str, str | None]]]
    next_page: str
    status = 200

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        self._answer("POST", self.rfile.read(length).decode())

    def do_GET(self) -> None:
        self._answer("GET", "")

    def _answer(self, method: str, form: str) -> None:
        self.asked.append((f"{method} {self.path}", form, self.headers["Authorization"]))
        answer: dict[str, Any] = bundle(type="searchset")
        if "Patient" in self.path:
            answer = bundle(patient(), type="searchset")
        elif self.path == "/page2":
            answer = bundle(observation("2160-0", 2, "mg/dL"), type="searchset")
        elif "Observation" in self.path:
            link = [{"relation": "next", "url": self.next_page}]
            answer = bundle(observation("2160-0", 1, "mg/dL"), type="searchset", link=link)
        body = json.dumps(answer).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[tuple[str, type[FhirServer]]]:
    class Handler(FhirServer):
        asked: ClassVar[list[tuple[str, str, str | None]]] = []
        next_page = "/page2"

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}", Handler
    running.shutdown()
    thread.join()
    running.server_close()


def test_all_pages_are_read_and_no_url_names_the_patient(
    server: tuple[str, type[FhirServer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "hush")
    url, handler = server
    found = fetch_resources(url, Subject("P1"))
    assert [entry["valueQuantity"]["value"] for _, entry in found["Observation"]] == [1, 2]
    assert all("P1" not in asked for asked, _, _ in handler.asked) and handler.asked[0][1] == "identifier=P1"
    assert {token for _, _, token in handler.asked} == {"Bearer hush"}


def test_another_host_is_not_followed(server: tuple[str, type[FhirServer]]) -> None:
    url, handler = server
    handler.next_page = "http://127.0.0.2/page2"
    with pytest.raises(InputRejected, match="FHIR_SERVER_URL"):
        fetch_resources(url, Subject("P1"))


def test_a_refusal_is_a_failure_without_the_token(
    server: tuple[str, type[FhirServer]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "hush")
    url, handler = server
    handler.status = 403
    with pytest.raises(AppError, match="FHIR_SERVER") as caught:
        fetch_resources(url, Subject("P1"))
    assert caught.value.exit_code == 1 and "403" in str(caught.value) and "hush" not in str(caught.value)


def test_no_server_is_a_failure_and_no_address_is_refused() -> None:
    with pytest.raises(AppError, match="FHIR_SERVER"):
        fetch_resources("http://127.0.0.1:9", Subject("P1"))
    with pytest.raises(InputRejected, match="FHIR_SERVER_URL"):
        fetch_resources("file:///etc", Subject("P1"))
