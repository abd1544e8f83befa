"""Canaries of patient data never reach the log, at DEBUG, in exceptions and in warnings too."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

from monai_app.core.errors import InputRejected
from monai_app.core.logging import WITHHELD, PrivateFileHandler, configure_logging, redact

CANARIES = [
    "/data/p10000032/s50414267/film.dcm",
    "files/p10/p10000032/s50414267/film.jpg",
    "C:\\films\\mueller.dcm",
    "mueller_hans.png",
    "1.2.840.113619.2.55.3.604688119",
    "2180-05-06",
    "21800506",
    "2180-05-06T23:11:00",
    "06.05.1948",
    "5/6/1948",
    "MUELLER^HANS",
    "10000032",
    "p10000032",
    "f38d6d40-5192bd2a-8cf9a43d-1db7a8f1-57c6fb91",
]
IDENTIFIERS = ["subject_id=10006", "patient 10006", "hadm_id: 142345", "MRN: A-77", "StudyID = 4", "stay_id=9"]


@pytest.fixture(autouse=True)
def restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Leave the root logger and the way of warnings as they were."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    monkeypatch.delenv("MONAI_APP_LOGGING", raising=False)
    yield
    for handler in root.handlers:
        if isinstance(handler, PrivateFileHandler):
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("canary", CANARIES)
def test_canary_is_redacted_wherever_it_stands(canary: str, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(verbose=True)
    log = logging.getLogger("monai_app.test")
    log.debug("read %s", canary)
    log.info(f"({canary}) '{canary}', {canary}.")
    try:
        raise ValueError(f"bad value {canary}")
    except ValueError:
        log.exception("failed on %s", canary, stack_info=True)
    text = capsys.readouterr().err
    assert canary not in text and "failed on" in text and "ValueError" in text


@pytest.mark.parametrize("text", IDENTIFIERS)
def test_identifier_behind_its_name_is_redacted(text: str) -> None:
    assert redact(text).endswith("=<id>")


@pytest.mark.parametrize(
    "text",
    [
        "epoch 12 of 40, loss 0.1234",
        "3 of 200 patients",
        "AUROC .859 at 1e-4",
        "10 x 3000 px",
        "monai_app.cohort.items:12",
    ],
)
def test_harmless_text_is_kept(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("library", WITHHELD)
def test_messages_of_libraries_that_quote_what_they_read_are_withheld(
    library: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(verbose=True)
    logging.getLogger(f"{library}.reader").warning("Invalid value for VR PN: 'Hans Mueller'")
    text = capsys.readouterr().err
    assert "Mueller" not in text and "withheld" in text


def test_code_of_our_own_errors_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(verbose=True)
    try:
        raise InputRejected("NO_CONTENT", "the film shows nothing")
    except InputRejected:
        logging.getLogger("monai_app.test").exception("rejected")
    assert "InputRejected [NO_CONTENT]" in capsys.readouterr().err


def test_traceback_cached_by_another_handler_is_not_shown(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(verbose=True)
    record = logging.LogRecord("monai_app.test", logging.ERROR, "f.py", 1, "failed", (), None)
    record.exc_text = "Traceback: Hans Mueller"
    logging.getLogger("monai_app.test").handle(record)
    text = capsys.readouterr().err
    assert "Mueller" not in text and "failed" in text


def test_warnings_are_redacted_too(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(verbose=True)
    warnings.showwarning("value 10000032 is odd", UserWarning, "/x/site-packages/pandas/core.py", 1)
    warnings.showwarning("Hans Mueller is odd", UserWarning, "/x/site-packages/pydicom/valuerep.py", 1)
    text = capsys.readouterr().err
    assert "10000032" not in text and "Mueller" not in text and "pandas: UserWarning" in text


def test_handlers_of_libraries_are_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    loud = logging.getLogger("some.library")
    loud.addHandler(logging.StreamHandler())
    loud.propagate = False
    configure_logging()
    loud.warning("patient 10000032")
    assert "10000032" not in capsys.readouterr().err and not loud.handlers


def test_line_that_cannot_be_formatted_is_not_quoted(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    logging.getLogger("monai_app.test").info("%d films", "Hans Mueller")
    text = capsys.readouterr().err
    assert "Mueller" not in text and "could not be written" in text


def settings(folder: Path, text: str) -> Path:
    path = folder / "logging.yaml"
    path.write_text(text)
    return path


def test_levels_are_set_by_logger(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger("hush.below").setLevel(logging.INFO)
    configure_logging(settings(tmp_path, "level: WARNING\nloggers: {talk: INFO, hush: ERROR}\n"))
    for name in ("talk.below", "hush.below", "other"):
        logging.getLogger(name).info("info of %s", name)
        logging.getLogger(name).warning("warning of %s", name)
    shown = [line.rpartition(": ")[2] for line in capsys.readouterr().err.splitlines()]
    assert shown == ["info of talk.below", "warning of talk.below", "warning of other"]


def test_the_file_is_redacted_too_and_a_second_call_writes_no_line_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MONAI_APP_LOGGING", str(settings(tmp_path, f"file: {tmp_path / 'run.log'}\n")))
    configure_logging()
    configure_logging()
    logging.getLogger("monai_app.test").info("patient 10000032 read")
    assert (tmp_path / "run.log").read_text().count("patient=<id> read") == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("privacy: false\n", "RECORD_INVALID"),
        ("level: LOUD\n", "RECORD_INVALID"),
        ("file: /nowhere/x/run.log\n", "LOG_FILE_UNWRITABLE"),
    ],
)
def test_bad_settings_are_refused(tmp_path: Path, text: str, code: str) -> None:
    with pytest.raises(InputRejected, match=code):
        configure_logging(settings(tmp_path, text))
