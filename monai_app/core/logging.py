"""Logging that keeps patient data out: paths, UIDs, dates and identifiers are redacted before anything is written.

The filter is a net below careful callers, not a licence to log values. A plain name cannot be recognised by any rule,
so the messages of libraries that handle patient data are withheld as a whole.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TextIO

from monai_app.core.errors import InputRejected

_YEAR = r"(?:19|20|21|22)\d{2}"
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\b[0-2](?:\.\d+){4,}\b"), "<uid>"),
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{8}){4}\b"), "<id>"),  # Orthanc's: SHA-1 of patient ID and UIDs
    (
        re.compile(
            rf"\b{_YEAR}[-/]?(?:0[1-9]|1[0-2])[-/]?(?:0[1-9]|[12]\d|3[01])(?:[T ]\d{{2}}:?\d{{2}}(?::?\d{{2}})?)?\b"
        ),
        "<date>",
    ),
    (re.compile(rf"\b\d{{1,2}}([./-])\d{{1,2}}\1{_YEAR}\b"), "<date>"),
    (re.compile(r"(?<![\w.<])(?:/|[A-Za-z]:\\)[^\s:'\",;)\]}>]*[^\s:'\",;.)\]}>]"), "<path>"),
    (re.compile(r"(?i)[^\s'\"(\[{<]+\.(?:dcm|png|jpe?g|tiff?|nii(?:\.gz)?|mha|nrrd)\b"), "<file>"),
    (
        re.compile(
            r"(?i)\b((?:subject|patient|stay|study|hadm|record|accession|mrn)\w*(?:[_ ]?id)?)"
            r"(?:\s*[=:]\s*\S+|\s+\d{4,}\b)"
        ),
        r"\1=<id>",
    ),
    (re.compile(r"(?<![\w.])[A-Za-z]?\d{6,}(?!\w|\.\d)"), "<number>"),
    (re.compile(r"\b[A-Za-z'-]+\^[A-Za-z'^-]*"), "<name>"),
)

WITHHELD = ("pydicom", "highdicom", "pynetdicom", "PIL", "nibabel", "dicomweb_client", "urllib3")
"""Libraries whose messages quote what they read or ask for."""


def redact(text: str) -> str:
    """Replace what may identify a person: paths, DICOM UIDs, dates, identifiers, long numbers, DICOM names."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text


class PrivateFormatter(logging.Formatter):
    """Formats as usual, then redacts; an exception is reduced to its type, a withheld library's message to its level.

    Errors of this package are safe by contract and keep their code.
    """

    def formatException(  # noqa: N802 - the name that logging calls
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        """The exception's type and the code of our own errors, without values."""
        kind, error, _ = ei
        code = getattr(error, "code", "")
        return f"{kind.__name__ if kind else ''}{f' [{code}]' if code else ''}"

    def format(self, record: logging.LogRecord) -> str:
        """The redacted line."""
        shown = logging.makeLogRecord(record.__dict__)
        shown.exc_text = None  # another handler may have cached the whole traceback there
        if record.name.partition(".")[0] in WITHHELD:
            shown.msg, shown.args, shown.exc_info = "message withheld, it may quote patient data", (), None
        return redact(super().format(shown))


class _QuietErrors(logging.Handler):
    """A line that cannot be formatted or written is dropped without quoting it."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name that logging calls
        """Say that a line was lost; the standard handler prints its arguments and a traceback."""
        with suppress(ValueError, OSError):
            sys.stderr.write(f"{record.levelname} {record.name}: a log line could not be written\n")


class PrivateHandler(_QuietErrors, logging.StreamHandler[TextIO]):
    """Writes to stderr."""


class PrivateFileHandler(_QuietErrors, logging.FileHandler):
    """Appends to a file."""


def configure_logging(settings: str | Path | None = None, *, verbose: bool = False) -> None:
    """Send all logs and warnings to stderr through :class:`PrivateFormatter`, replacing libraries' handlers.

    Args:
        settings: a file in the form of ``configs/logging.yaml``; by default what ``MONAI_APP_LOGGING`` names, else
            that file.
        verbose: log from DEBUG on, whatever the settings.

    Raises:
        InputRejected: ``RECORD_INVALID`` or what :func:`monai_app.core.loading.read_yaml` raises;
            ``LOG_FILE_UNWRITABLE``.
    """
    from monai_app.core.log_settings import LogSettings  # pydantic costs time that --help does not need
    from monai_app.core.resources import resource

    chosen = LogSettings.read(settings or os.environ.get("MONAI_APP_LOGGING") or resource("configs", "logging.yaml"))
    handlers: list[logging.Handler] = [PrivateHandler(sys.stderr)]
    if chosen.file is not None:
        handlers.append(_file_handler(chosen.file))
    for handler in handlers:
        handler.setFormatter(PrivateFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
    root = logging.getLogger()
    for handler in root.handlers:
        if isinstance(handler, PrivateFileHandler):
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(logging.DEBUG if verbose else chosen.level)
    for name in list(logging.root.manager.loggerDict):
        logger = logging.getLogger(name)
        if logger.handlers:
            logger.handlers.clear()
            logger.propagate = True
        if any(name.startswith(f"{above}.") for above in chosen.loggers):
            logger.setLevel(logging.NOTSET)  # MONAI gives each of its loggers a level of its own
    for name, level in chosen.loggers.items():
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else level)
    warnings.showwarning = _log_warning


def _file_handler(path: Path) -> PrivateFileHandler:
    try:
        return PrivateFileHandler(path, encoding="utf-8")
    except OSError as error:
        raise InputRejected(
            "LOG_FILE_UNWRITABLE",
            "the log file cannot be written",
            got=type(error).__name__,
            expected="a file in an existing, writable folder",
            remedy="Change `file` in the logging settings.",
        ) from error


def _log_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """A warning as a log record of the library it comes from, without the source line."""
    parts = filename.replace("\\", "/").partition("site-packages/")[2].split("/")
    logging.getLogger(parts[0] or "warnings").warning("%s: %s", category.__name__, message)
