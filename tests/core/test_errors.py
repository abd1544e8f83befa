"""Errors say what, got, expected and what to do, survive pickling, and carry the exit code."""

from __future__ import annotations

import pickle

import pytest

from monai_app.core.errors import AppError, InputRejected

FIELDS = {"got": 3, "expected": "one", "remedy": "Choose one."}


@pytest.mark.parametrize(("kind", "exit_code"), [(AppError, 1), (InputRejected, 2)])
def test_message_holds_every_field_and_the_kind_its_exit_code(kind: type[AppError], exit_code: int) -> None:
    error = kind("TOO_MANY", "too many films", **FIELDS)
    assert str(error) == "[TOO_MANY] too many films; got 3; expected one. Choose one."
    assert error.exit_code == exit_code


def test_empty_fields_leave_no_trace() -> None:
    assert str(InputRejected("EMPTY", "nothing there")) == "[EMPTY] nothing there"


def test_error_comes_back_from_another_process_as_it_was() -> None:
    error = InputRejected("TOO_MANY", "too many films", **FIELDS)
    twin = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes, as multiprocessing sends them
    assert type(twin) is InputRejected and str(twin) == str(error) and twin.as_dict() == error.as_dict()


def test_record_names_the_same_fields() -> None:
    assert AppError("A", "b", got=1).as_dict() == {"code": "A", "what": "b", "got": "1", "expected": "", "remedy": ""}
