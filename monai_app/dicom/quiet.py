"""Parsing foreign files without the warnings of libraries, which quote what they read, from any number of threads."""

from __future__ import annotations

import os
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()


@contextmanager
def quietly() -> Iterator[None]:
    """Warnings are off inside. They are a setting of the whole process, so that only one thread may be inside."""
    with _lock, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _unlocked_after_fork() -> None:
    """A thread that held the lock does not live on in a child."""
    global _lock
    _lock = threading.Lock()


os.register_at_fork(after_in_child=_unlocked_after_fork)
