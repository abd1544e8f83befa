"""The status page: for this machine, health as a status code, counts in three forms, typed errors when it cannot."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from monai_app.core.errors import AppError
from monai_app.deploy.status_server import Pages, StatusServer

SAID: dict[str, Any] = {"jobs": {"done": 3}, "stale_results": 0, "dead": [{"job": 7, "code": "<b>X</b>"}], "codes": {}}


def test_the_four_answers_over_http() -> None:
    with StatusServer(lambda: SAID, lambda: b"m 1\n", lambda: True) as server:
        root = f"http://127.0.0.1:{server.port}"
        assert requests.get(f"{root}/health", timeout=5).json() == {"healthy": True}
        assert requests.get(f"{root}/metrics", timeout=5).text == "m 1\n"
        assert requests.get(f"{root}/status.json", timeout=5).json() == SAID
        page = requests.get(root, timeout=5)
        assert "Content-Security-Policy" in page.headers and "&lt;b&gt;X" in page.text and "<b>X" not in page.text
        assert requests.get(f"{root}/../etc/passwd", timeout=5).status_code == 404
        assert requests.post(root, timeout=5).status_code == 501


def test_a_sick_worker_answers_503() -> None:
    assert Pages(lambda: SAID, lambda: b"", lambda: False).answer("/health")[0] == 503


def test_a_state_that_cannot_be_read_is_named_by_its_code() -> None:
    def fails() -> dict[str, Any]:
        raise AppError("STATE_FAILED", "no")

    status, _, body = Pages(fails, lambda: b"", lambda: True).answer("/status.json")
    assert status == 503 and b"STATE_FAILED" in body


def test_a_port_that_is_taken_is_a_typed_error() -> None:
    with (
        StatusServer(lambda: SAID, lambda: b"", lambda: True) as server,
        pytest.raises(AppError, match="STATUS_PORT"),
    ):
        StatusServer(lambda: SAID, lambda: b"", lambda: True, port=server.port)
