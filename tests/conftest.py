"""Shared fixtures: the licensed data beside the checkout, unpacked once a session."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
_PACKS = Path(__file__).resolve().parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """``shared_data("cxr-hannover")`` is the unpacked folder of that pack; skips where ../shared is not there."""
    folder = tmp_path_factory.mktemp("shared")

    def unpack(pack: str) -> Path:
        archive = _PACKS / f"{pack}.tgz"
        if not archive.is_file():
            pytest.skip("../shared/data stands only beside the developers' checkout")
        if not (folder / pack).is_dir():
            with tarfile.open(archive) as stream:
                stream.extractall(folder, filter="data")
        return folder / pack

    return unpack
