from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from monai_app.cohort.spec import ModelSpec
from monai_app.core.page import Page
from monai_app.explain.agreement import Agreement
from monai_app.explain.agreement_panel import add_agreements, agreed, in_words
from tests.explain.presented import material

FLAT = np.zeros((32, 32), np.float32)


def an_agreement(value: float | None) -> Agreement:
    return Agreement("film", ("occlusion", "grad_cam"), FLAT + 0.5, FLAT, FLAT, {"occlusion+grad_cam": value})


@pytest.mark.parametrize(
    ("value", "words"),
    [(0.9, "they agree"), (0.5, "they agree in part"), (-0.2, "they disagree"), (None, "cannot be told")],
)
def test_correlation_is_told_in_words(value: float | None, words: str) -> None:
    assert in_words(an_agreement(value)) == words


def test_page_shows_the_methods_and_a_picture(spec: ModelSpec) -> None:
    page = Page("t", "l")
    add_agreements(page.section("s"), {"film": an_agreement(0.9)}, material(spec))
    shown = page.render()
    assert "occlusion, grad cam" in shown
    assert "data:image/png;base64" in shown


def test_nothing_is_painted_where_methods_say_nothing() -> None:
    film = np.full((8, 8), 0.5, np.float32)
    middle, none, all_of_it = film, np.zeros_like(film), np.ones_like(film)
    plain = agreed(film, middle, none)
    assert (plain == plain[0, 0, 0]).all()
    orange, teal = agreed(film, all_of_it, none), agreed(film, middle, all_of_it)
    assert (orange[..., 0] > orange[..., 2]).all()
    assert (teal[..., 2] > teal[..., 0]).all()


def test_contested_share_counts_what_some_mark(spec: ModelSpec) -> None:
    marked = FLAT.copy()
    marked[0, 0], marked[0, 1] = 1.0, 0.5
    assert replace(an_agreement(0.5), marked=marked).contested == 0.5
