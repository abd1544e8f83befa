"""Truncation: the beginning stays, word for word."""

from __future__ import annotations

import pytest

from monai_app.transforms.corruption.truncation import KEPT, Truncationd
from tests.transforms.corruption.samples import NOTE, corrupted


@pytest.mark.parametrize("severity", range(1, 6))
def test_beginning_of_recorded_length_stays(severity: int) -> None:
    text, _ = corrupted(Truncationd("note", severity))
    assert NOTE.startswith(text) and len(text) == round(KEPT[severity - 1] * len(NOTE))
