"""Rules: a file that asks something unclear or unknown is refused."""

from __future__ import annotations

from typing import Any

import pytest

from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource
from monai_app.dicom.series_rules import SeriesRules


def rules(where: Any, **role: Any) -> SeriesRules:
    return SeriesRules.parse({"description": "x", "roles": {"image": {"where": where, **role}}})


@pytest.mark.parametrize(
    "where",
    [
        {"field": "modality", "is": "CT"},
        {"field": "modality", "is": ["CT", "MR"]},
        {"field": "spacing_mm", "at_least": 1, "at_most": 2},
        {"field": "description", "matches": "t1|t2"},
        {"field": "contrast", "present": False},
        {"all": [{"any": [{"not": {"field": "rows", "is": 3}}]}]},
    ],
)
def test_every_form_is_read(where: Any) -> None:
    assert rules(where).roles["image"].where


@pytest.mark.parametrize(
    "where",
    [
        {"field": "patient_name", "is": "x"},
        {"field": "modality"},
        {"field": "modality", "is": "CT", "matches": "CT"},
        {"field": "modality", "matches": "("},
        {"field": "modality", "equal": "CT"},
        {"all": []},
        {"all": [{"field": "modality", "is": "CT"}], "any": []},
        {"not": [{"field": "modality", "is": "CT"}]},
        "modality",
        3,
    ],
)
def test_unclear_questions_are_refused(where: Any) -> None:
    with pytest.raises(InputRejected, match="RECORD_INVALID"):
        rules(where)


@pytest.mark.parametrize("role", [{"take": "first"}, {"score": 1}, {"scores": [{"points": "many"}]}])
def test_unclear_roles_are_refused(role: dict[str, Any]) -> None:
    with pytest.raises(InputRejected, match="RECORD_INVALID"):
        rules({"field": "modality", "is": "CT"}, **role)


def test_every_shipped_file_is_read() -> None:
    files = sorted(resource("configs", "series").glob("*.yaml"))
    assert len(files) >= 5
    assert all(SeriesRules.read(path).roles for path in files)
