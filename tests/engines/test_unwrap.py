from __future__ import annotations

import pytest

from monai_app.core.errors import InputRejected
from monai_app.engines.bundle import typed_errors
from monai_app.engines.unwrap import root_cause, typed_cause


def wrapped(error: Exception) -> RuntimeError:
    try:
        try:
            raise error
        except Exception as inner:
            raise RuntimeError("Failed to instantiate") from inner
    except RuntimeError as middle:
        outer = RuntimeError("Failed to evaluate")
        outer.__cause__ = middle
        return outer


def test_the_typed_error_is_found_below_any_number_of_wrappers() -> None:
    typed = InputRejected("X", "what")
    assert typed_cause(wrapped(typed)) is typed
    assert typed_cause(wrapped(KeyError("a"))) is None


def test_without_one_the_root_cause_is_raised() -> None:
    root = KeyError("a")
    assert root_cause(wrapped(root)) is root
    with pytest.raises(KeyError), typed_errors():
        raise wrapped(root)
    with pytest.raises(InputRejected, match="X"), typed_errors():
        raise wrapped(InputRejected("X", "what"))
