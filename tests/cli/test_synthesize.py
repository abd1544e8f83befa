from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from monai_app.cli.app import app
from tests.generate.synthetic.crowd import write_crowd


def run(*arguments: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, ["synthesize", *arguments, "--json"])
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(write_crowd(tmp_path_factory.mktemp("crowd") / "crowd").path)


def test_a_cohort_without_films_is_written_and_reported(crowd: str, tmp_path: Path) -> None:
    out = str(tmp_path / "made")
    code, told = run("--cohort", crowd, "--out", out, "--patients", "40", "--no-films", "--prevalence", "pneumonia=.5")
    assert code == (0 if told["privacy_passed"] else 1) and told["records"] == 40 and told["films"] == 0
    assert told["reached"] == {"pneumonia": 0.5} and (tmp_path / "made" / "DATASHEET.md").is_file()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--detail", "some"), "DETAIL_UNKNOWN"),
        (("--prevalence", "pneumonia"), "SHARE_INVALID"),
        (("--epsilon", "1"), "DP_UNNOISED"),
        (("--epsilon", "1", "--delta", ".5"), "DELTA_TOO_LARGE"),
    ],
)
def test_bad_options_are_refused_with_exit_code_2(
    crowd: str, tmp_path: Path, options: tuple[str, ...], error: str
) -> None:
    code, told = run("--cohort", crowd, "--out", str(tmp_path / "x"), "--patients", "9", "--no-films", *options)
    assert code == 2 and told["error"]["code"] == error and not (tmp_path / "x").exists()  # type: ignore[index]
