"""A page, /health, /metrics and /status.json of a worker that runs, by default for this machine only.

Four answers to GET, all of them counts: no framework is needed for that, and none is loaded.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client.exposition import CONTENT_TYPE_LATEST

from monai_app.core.errors import AppError

_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta http-equiv="refresh" content="10">
<title>PACS worker</title><style>body{{font:16px sans-serif;margin:2em;background:#111;color:#ddd}}
td{{padding:.2em 1em .2em 0}}</style><h1>PACS worker: {health}</h1>{tables}<p>Not for diagnosis.</p></html>"""


class StatusServer:
    """Answers in a thread of its own while the block runs.

    Args:
        status: counts, by name.
        metrics: in Prometheus' text format.
        healthy: whether the worker does its work.
        port: 0 takes a free one.

    Raises:
        AppError: ``STATUS_PORT`` where the address is taken.
    """

    def __init__(
        self,
        status: Callable[[], dict[str, Any]],
        metrics: Callable[[], bytes],
        healthy: Callable[[], bool],
        *,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        class Handler(_Handler):
            pages = Pages(status, metrics, healthy)

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except (OSError, OverflowError) as error:
            raise AppError(
                "STATUS_PORT", "the status page cannot listen there", got=type(error).__name__,
                expected="a free port of this machine", remedy="Change --status-host or --status-port.",
            ) from None  # fmt: skip
        self._server.daemon_threads = True

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def __enter__(self) -> StatusServer:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Pages:
    """The answers, by path.

    Args:
        status: see :class:`StatusServer`.
        metrics: likewise.
        healthy: likewise.
    """

    def __init__(
        self, status: Callable[[], dict[str, Any]], metrics: Callable[[], bytes], healthy: Callable[[], bool]
    ) -> None:
        self._status, self._metrics, self._healthy = status, metrics, healthy

    def answer(self, path: str) -> tuple[HTTPStatus, str, bytes]:
        """Status, content type and body."""
        try:
            if path == "/health":
                well = self._healthy()
                status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
                return status, "application/json", json.dumps({"healthy": well}).encode()
            if path == "/metrics":
                return HTTPStatus.OK, CONTENT_TYPE_LATEST, self._metrics()
            if path == "/status.json":
                return HTTPStatus.OK, "application/json", json.dumps(self._status()).encode()
            if path == "/":
                return HTTPStatus.OK, "text/html; charset=utf-8", self._page().encode()
        except AppError as error:
            return HTTPStatus.SERVICE_UNAVAILABLE, "application/json", json.dumps({"error": error.code}).encode()
        return HTTPStatus.NOT_FOUND, "text/plain", b"not found\n"

    def _page(self) -> str:
        tables = "".join(
            f"<h2>{escape(name.replace('_', ' '))}</h2>{_table(value)}" for name, value in self._status().items()
        )
        return _PAGE.format(health="at work" if self._healthy() else "NOT at work", tables=tables)


def _table(value: Any) -> str:
    if isinstance(value, dict):
        rows = [list(pair) for pair in value.items()]
    else:
        rows = [list(row.values()) for row in value] if isinstance(value, list) else [[value]]
    cells = ["".join(f"<td>{escape(str(cell))}</td>" for cell in row) for row in rows]
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>" if rows else "<p>none</p>"


class _Handler(BaseHTTPRequestHandler):
    pages: Pages
    timeout = 10.0

    def do_GET(self) -> None:
        """Answer."""
        status, kind, body = self.pages.answer(self.path.partition("?")[0])
        self.send_response(status)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
            "X-Content-Type-Options": "nosniff",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Requests are not logged: what somebody asks for may be anything."""
