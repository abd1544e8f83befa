"""Shared fixtures: the licensed data beside the checkout, unpacked once a session. In CI a skip is a failure."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
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


def skips_fail() -> bool:
    """Whether a skipped test counts as failed: MONAI_APP_NO_SKIPS=1, or CI=true as every CI service sets it."""
    return os.environ.get("MONAI_APP_NO_SKIPS") == "1" or os.environ.get("CI", "").lower() == "true"


def _failed_where_skipped(report: Any) -> Any:
    if report.skipped and not hasattr(report, "wasxfail") and skips_fail():
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome, report.longrepr = "failed", f"skipped where skips are failures: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """A test that skips itself fails in CI."""
    return _failed_where_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """A file that skips itself while it is collected fails in CI."""
    return _failed_where_skipped((yield))
