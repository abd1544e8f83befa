"""Maps of a model that reads letters lie on the letters; those of a model that cannot read them do not."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.benchmark.attribution_marker import (
    HONEST,
    PLANTED,
    Films,
    film_model,
    letters_effect,
    marked,
    marker_place,
    marker_rows,
)
from monai_app.explain.methods import Method

SIDE = 64


def _films(count: int, seed: int) -> Films:
    random = np.random.default_rng(seed)
    pixels = np.clip(0.4 + 0.05 * random.standard_normal((count, SIDE, SIDE)), 0, 1).astype(np.float32)
    label = random.random(count) < 0.5
    return Films(pixels, label, np.arange(count))


@pytest.fixture(scope="module")
def found() -> dict[tuple[str, str, str], float]:
    known = _films(64, 0)
    networks = {name: film_model(known, shortcut=name == PLANTED, epochs=20) for name in (PLANTED, HONEST)}
    methods = (Method.INTEGRATED_GRADIENTS, Method.HIRES_CAM)
    rows = marker_rows(networks, _films(4, 1), known.pixels.mean(axis=0), methods=methods, resamples=20)
    return {(row["model"], row["method"], row["measure"]): row["value"] for row in rows}


def test_letters_are_small_and_stay_in_their_box() -> None:
    cover, box = marker_place(SIDE)
    assert box.mean() < 0.03 and not cover[~box].any() and cover.max() == 1


def test_unmarked_films_stay_as_they_are() -> None:
    films = _films(3, 0)
    which = np.array([True, False, False])
    out = marked(films.pixels, which)
    assert (out[1:] == films.pixels[1:]).all() and (out[0] != films.pixels[0]).any()


def test_the_letters_move_only_the_model_that_learned_them(found: dict[tuple[str, str, str], float]) -> None:
    effect = "log odds that the letters add"
    assert found[PLANTED, "", effect] > 2 * abs(found[HONEST, "", effect])


def test_relevance_tells_the_two_models_apart(found: dict[tuple[str, str, str], float]) -> None:
    assert found[f"{PLANTED} against {HONEST}", "integrated_gradients", "AUROC of relevance mass"] > 0.8
    assert found[PLANTED, "integrated_gradients", "hit"] == 1


def test_without_training_the_letters_add_little() -> None:
    assert np.abs(letters_effect(film_model(_films(4, 0), shortcut=True, epochs=0), _films(2, 1).pixels)).max() < 1
