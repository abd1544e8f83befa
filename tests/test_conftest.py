"""CI must not pass because tests were skipped."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

SKIPPING = """
import pytest
def test_passes(): pass
def test_skips(): pytest.skip("no data")
@pytest.mark.skipif(True, reason="no data")
def test_marked(): pass
@pytest.mark.xfail(strict=True)
def test_expected_to_fail(): assert False
"""


@pytest.fixture
def suite(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("MONAI_APP_NO_SKIPS", raising=False)
    pytester.makeconftest(Path(__file__).with_name("conftest.py").read_text())
    pytester.makepyfile(SKIPPING, test_module='import pytest; pytest.skip("no data", allow_module_level=True)')
    return pytester


def test_skips_are_skips_at_a_desk(suite: pytest.Pytester) -> None:
    suite.runpytest_inprocess().assert_outcomes(passed=1, skipped=3, xfailed=1)


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("MONAI_APP_NO_SKIPS", "1")])
def test_skips_are_failures_in_ci(
    suite: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    suite.runpytest_inprocess("--continue-on-collection-errors").assert_outcomes(
        passed=1, failed=1, errors=2, xfailed=1
    )
