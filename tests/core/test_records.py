"""Records: a bad file names its fields, never their values."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from monai_app.core.errors import InputRejected
from monai_app.core.records import Record


class Film(Record):
    view: str
    size_px: int = 224


@pytest.mark.parametrize("name", ["x.json", "x.yaml"])
def test_file_becomes_a_record(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(json.dumps({"view": "AP"}))
    assert Film.read(tmp_path / name) == Film(view="AP")


@pytest.mark.parametrize(
    ("value", "field"),
    [
        ({"view": "AP", "size_px": "CANARY"}, "size_px"),
        ({}, "view"),
        ({"view": "AP", "sise": 3}, "sise"),
        ("CANARY", ""),
    ],
)
def test_fault_names_the_field_and_hides_the_value(value: object, field: str) -> None:
    with pytest.raises(InputRejected, match=f"RECORD_INVALID.*{field}") as caught:
        Film.parse(value)
    assert "CANARY" not in str(caught.value) and caught.value.__cause__ is None


def test_record_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Film(view="AP").view = "PA"  # type: ignore[misc]
