"""The doors to the privacy tools; what they compute is tested in tests/generate/privacy and tests/engines."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from monai_app.cli.app import app


def folder_of_films(folder: Path, count: int, seed: int) -> Path:
    folder.mkdir()
    for index in range(count):
        coarse = np.random.default_rng([seed, index]).integers(0, 256, (4, 4))
        Image.fromarray(np.kron(coarse, np.ones((8, 8))).astype(np.uint8)).save(folder / f"{index}.png")
    return folder


def run(*options: str) -> tuple[int, dict[str, object]]:
    result = CliRunner().invoke(app, ["privacy", *options, "--json"])
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


@pytest.fixture
def films(tmp_path: Path) -> list[str]:
    train, held_out = folder_of_films(tmp_path / "train", 40, 0), folder_of_films(tmp_path / "held", 60, 1)
    return ["copies", "--train", str(train), "--held-out", str(held_out), "--embedding", "pixels", "--plant", "10"]


def test_independent_films_pass_and_files_are_written(films: list[str], tmp_path: Path) -> None:
    generated = folder_of_films(tmp_path / "generated", 30, 2)
    code, told = run(*films, "--generated", str(generated), "--out", str(tmp_path / "out"))
    assert code == 0 and told["passed"] and told["planted_found"] == 10 and told["films"] == [40, 30, 60]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"copies.json", "copies.html"}
    assert str(tmp_path) not in (tmp_path / "out" / "copies.html").read_text()


def test_copies_are_found_and_exit_with_one(films: list[str], tmp_path: Path) -> None:
    code, told = run(*films, "--generated", films[2], "--out", str(tmp_path / "out"))
    assert code == 1 and not told["passed"] and told["generated"]["value"] == 1.0  # type: ignore[index]


def test_an_output_is_not_replaced_unasked_and_a_bad_input_writes_nothing(films: list[str], tmp_path: Path) -> None:
    code, told = run(*films, "--generated", str(tmp_path / "nothing"), "--out", str(tmp_path / "out"))
    assert code == 2 and told["error"]["code"] == "NO_FILMS" and not (tmp_path / "out").exists()  # type: ignore[index]
    kept = tmp_path / "out" / "kept"
    kept.parent.mkdir()
    kept.touch()
    code, told = run(*films, "--generated", films[2], "--out", str(tmp_path / "out"))
    assert code == 2 and told["error"]["code"] == "OUTPUT_EXISTS"  # type: ignore[index]
    assert list(kept.parent.iterdir()) == [kept]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("copies", ("--plant", "--held-out", "copies.html")),
        ("membership", ("AUROC", "--split")),
        ("audit", ("--canaries", "claim")),
        ("curve", ("--epsilon", "held-out")),
    ],
)
def test_help_teaches(name: str, words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(app, ["privacy", name, "--help"], env={"COLUMNS": "200"}).stdout
    assert all(word in shown for word in words)


def test_a_budget_that_publishes_a_patient_is_refused_before_films_are_read(tmp_path: Path) -> None:
    code, told = run("audit", "--cohort", str(tmp_path), "--out", str(tmp_path / "a.json"), "--delta", "0.1")
    assert code == 2 and told["error"]["code"] == "DELTA_TOO_LARGE"  # type: ignore[index]
