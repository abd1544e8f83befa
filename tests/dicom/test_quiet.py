"""Warnings off, and back on."""

from __future__ import annotations

import time
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from monai_app.dicom.quiet import quietly


def test_warnings_are_off_inside_and_on_again_outside() -> None:
    with quietly():
        warnings.warn("inside", UserWarning, stacklevel=1)
    with pytest.raises(UserWarning, match="outside"):
        warnings.warn("outside", UserWarning, stacklevel=1)


def test_threads_leave_the_filters_as_they_were() -> None:
    before = [*warnings.filters]

    def parse(_: int) -> None:
        with quietly():
            time.sleep(0.001)
            warnings.warn("inside", UserWarning, stacklevel=1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(parse, range(40)))
    assert [*warnings.filters] == before
