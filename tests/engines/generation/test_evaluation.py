"""The evaluation of generated films: real ones in the place of generated score as real, noise does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from monai.transforms import Compose

from monai_app.cohort.condition_columns import with_ranges
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json, save_weights
from monai_app.engines.generation.evaluation import _copies, evaluate_generation
from monai_app.generate.sampling import Drawing
from tests.engines.tiny import SPEC, tiny_items

SIDE = 64


def picture(row: int, ill: float) -> np.ndarray:
    """A disc, larger for the ill, at a place of its own."""
    generator = np.random.default_rng(row)
    y, x = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5 - 0.1 * generator.normal(size=(2, 1, 1))
    return (0.2 * generator.random((SIDE, SIDE)) + 0.8 * (x**2 + y**2 < (0.05 + 0.1 * ill))).astype(np.float32)


class Load:
    """The film of an item whose path is ``row:ill``."""

    def __call__(self, data: Any) -> dict[str, Any]:
        row, ill = data["film"].split(":")
        return {**data, "film": torch.from_numpy(picture(int(row), float(ill)))[None]}


def cases(first: int, n: int) -> list[dict[str, Any]]:
    items = tiny_items(n, seed=first)
    for row, item in enumerate(items):
        ill = float(row % 2)
        item |= {
            "source_image": f"{first + row}:{ill}",
            "label_death": np.array([ill], np.float32),
            "subject_id": first + row,
        }
    return items


def drawn(items: list[dict[str, Any]], start: int) -> np.ndarray:
    return np.stack([picture(start + row, float(item["label_death"][0]))[None] for row, item in enumerate(items)])


@pytest.fixture
def score(tmp_path: Path) -> Any:
    save_weights(tmp_path / "model.safetensors", {"a": torch.zeros(1)})
    train, held_out = cases(0, 60), cases(1000, 50)

    def evaluate(held_out_images: np.ndarray, train_images: np.ndarray) -> dict[str, Any]:
        return evaluate_generation(
            held_out_images, held_out, train_images, train, spec=with_ranges(SPEC, train),
            preprocessing=Compose([Load()]), cohort_dir=tmp_path, model_dir=tmp_path, drawing=Drawing(),
            out_dir=tmp_path / "report", truth="latents.parquet", resamples=20,
        )  # fmt: skip

    return evaluate, train, held_out


def test_real_films_in_the_place_of_generated_ones_score_as_real_and_noise_does_not(score: Any, tmp_path: Path) -> None:
    evaluate, train, held_out = score
    good = evaluate(drawn(held_out, 5000), drawn(train, 7000))
    assert good["fidelity"]["label death"]["share"] > 0.9 and abs(good["fidelity"]["label death"]["shuffled"]) < 0.4
    assert good["likeness"]["real_floor"]["n"] == 25 and good["likeness"]["generated"]["fid"] < 30
    assert good["usefulness"]["label death"]["tstr"] > 0.9 and good["copies"]["generated"]["of"] == 60
    assert read_json(tmp_path / "report" / "metrics.json")["likeness"] == good["likeness"]
    assert "Synthetic" in (tmp_path / "report" / "report.html").read_text()
    noise = np.random.default_rng(0).random((60, 1, SIDE, SIDE)).astype(np.float32)
    bad = evaluate(noise[:50], noise)
    assert bad["likeness"]["generated"]["fid"] > 5 * good["likeness"]["generated"]["fid"]
    assert abs(bad["fidelity"]["label death"]["generated"]) < 0.5 and bad["usefulness"]["label death"]["tstr"] < 0.9


def test_a_generator_that_gives_train_films_back_is_caught_by_one_film_a_patient_of_known_sites() -> None:
    train, held_out = cases(0, 60), cases(1000, 50)
    films = {
        "train": drawn(train, 0)[:, 0],
        "held_out": drawn(held_out, 1000)[:, 0],
        "drawn_train": drawn(train, 0)[:, 0],
    }
    found = _copies(films, train, held_out, 0)
    assert found is not None and found["generated"]["value"] == 1.0 and not found["passed"]
    assert found["planted_found"] == 20 and found["held_out"]["of"] == 25
    films["drawn_train"] = drawn(train, 7000)[:, 0]
    fresh = _copies(films, train, [{**item, "subject_id": item["subject_id"] // 2} for item in held_out], 0)
    assert fresh is not None and fresh["passed"] and fresh["held_out"]["of"] == 13
    assert _copies(films, train, [{**item, "group_site": "unseen"} for item in held_out], 0) is None


def test_cases_without_a_real_film_are_refused(score: Any) -> None:
    evaluate, train, held_out = score
    held_out[0]["source_image"] = ""
    with pytest.raises(InputRejected, match="FILMS_MISSING"):
        evaluate(drawn(held_out, 0), drawn(train, 0))
