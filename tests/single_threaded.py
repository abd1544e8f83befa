"""A fixture for modules whose trainings and forks compute with one thread; who imports it uses it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from monai_app.core.processor import one_thread


@pytest.fixture(scope="module", autouse=True)
def single_threaded() -> Iterator[None]:
    """One thread for the whole module."""
    with one_thread():
        yield
