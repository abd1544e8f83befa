"""A process group of one, as torchrun would describe it, for overlays that train in several processes."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from monai_app.engines.distributed import leave_process_group


@contextmanager
def group_of_one() -> Iterator[None]:
    """Set torchrun's environment for a single process; leave the group that was joined meanwhile."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"RANK": 0, "WORLD_SIZE": 1, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}.items():
            patch.setenv(name, str(value))
        try:
            yield
        finally:
            leave_process_group()
