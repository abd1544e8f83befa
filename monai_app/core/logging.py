"""Logging that keeps patient data out: paths, UIDs, dates and identifiers are redacted before anything is written.

The filter is a net below careful callers, not a licence to log values.
"""

from __future__ import annotations

import logging
import re
import sys

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[0-2](?:\.\d+){4,}\b"), "<uid>"),
    (re.compile(r"\b(?:19|20|21)\d{2}[-/]?(?:0[1-9]|1[0-2])[-/]?(?:0[1-9]|[12]\d|3[01])(?:[T ]\d{2}:?\d{2}(?::?\d{2})?)?\b"), "<date>"),
    (re.compile(r"(?<![\w.<])(?:/|[A-Za-z]:\\)[^\s:'\",;)\]}>]*[^\s:'\",;.)\]}>]"), "<path>"),
    (re.compile(r"(?i)\b((?:subject|patient|stay|study|hadm|record|accession)\w*(?:[_ ]?id)?)\s*[=:]\s*\S+"), r"\1=<id>"),
    (re.compile(r"(?<![\w.])\d{6,}(?![\w.])"), "<number>"),
    (re.compile(r"\b[A-Za-z'-]+\^[A-Za-z'^-]*"), "<name>"),
)


def redact(text: str) -> str:
    """Replace what may identify a person: paths, DICOM UIDs, dates, identifiers, long numbers, DICOM names."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class PrivateFormatter(logging.Formatter):
    """Formats as usual, then redacts message and stack; an exception's own text is reduced to its type.

    Errors of this package are safe by contract and keep their message.
    """

    def formatException(self, ei) -> str:  # type: ignore[no-untyped-def, override]  # noqa: N802
        """The exception's type and the code of our own errors, without values."""
        kind, error, _ = ei
        code = getattr(error, "code", "")
        return f"{kind.__name__}{f' [{code}]' if code else ''}"

    def format(self, record: logging.LogRecord) -> str:
        """The redacted line."""
        return redact(super().format(record))


def configure_logging(*, verbose: bool = False) -> None:
    """Send every logger to stderr through :class:`PrivateFormatter`, replacing handlers set up by libraries."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(PrivateFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        if logger.handlers:
            logger.handlers.clear()
            logger.propagate = True
