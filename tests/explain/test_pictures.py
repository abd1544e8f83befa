"""Colours say the sign, transparency the strength; a picture has the size of its film."""

from __future__ import annotations

import io

import numpy as np
from matplotlib.container import ErrorbarContainer
from PIL import Image

from monai_app.explain.pictures import bars, course, grey, heat, overlaid, png, share_bars, strength, waterfall


def spots() -> np.ndarray:
    values = np.zeros((60, 60), np.float32)
    values[10:20, 10:20], values[40:50, 40:50] = 1, -1
    return values


def test_for_is_orange_against_is_purple_and_nothing_is_transparent() -> None:
    painted = heat(spots()).astype(int)
    red, blue = painted[15, 15], painted[45, 45]
    assert red[0] > red[2] + 60 and blue[2] > blue[1] + 30 and painted[30, 30, 3] == 0
    assert red[3] > 200 and blue[3] > 200


def test_scale_does_not_matter_and_an_empty_map_leaves_the_film() -> None:
    assert (heat(spots()) == heat(1000 * spots())).all()
    film = np.random.default_rng(0).random((60, 60)).astype(np.float32)
    assert (overlaid(film, np.zeros_like(film)) == grey(film)[..., None]).all()
    assert strength(np.zeros(3, np.float32)) == 1 and strength(np.zeros(0, np.float32)) == 1


def test_png_round_trips() -> None:
    painted = heat(spots())
    assert (np.asarray(Image.open(io.BytesIO(png(painted)))) == painted).all()


def test_figures_show_every_number() -> None:
    texts = [text.get_text() for text in bars(["a", "b"], [0.5, -1.25], "x").axes[0].texts]
    assert texts == ["+0.50", "-1.25"]
    shown = waterfall(["a", "b"], [0.5, -1.25], 0.1, "x", ("0.50", "0.30")).axes[0]
    assert [text.get_text() for text in shown.texts] == texts
    assert [label.get_text() for label in shown.get_yticklabels()] == ["before: 0.50", "a", "b", "prediction: 0.30"]
    assert bars([], [], "x").axes


def test_course_shows_measured_values_as_dots_and_survives_a_flat_one() -> None:
    hours, values = np.arange(-4, 1, dtype=np.float32), np.full(5, 7.0, np.float32)
    measured = np.array([True, False, False, True, False])
    axes = course("x", hours, values, measured, np.zeros(5, np.float32), 1.0).axes[0]
    assert len(axes.lines[-1].get_xdata()) == 2 and axes.get_ylim()[0] < 7 < axes.get_ylim()[1]


def test_whiskers_stand_where_the_bar_starts_and_stay_inside_the_picture() -> None:
    plain = waterfall(["a", "b"], [0.5, -1.25], 0.1, "x", ("0.50", "0.30")).axes[0]
    axes = waterfall(["a", "b"], [0.5, -1.25], 0.1, "x", ("0.50", "0.30"), [(0.2, 3.0), (-2.0, -1.0)]).axes[0]
    spans = [bar[2][0].get_segments()[0][:, 0] for bar in axes.containers if isinstance(bar, ErrorbarContainer)]
    # Each is drawn twice, with a white edge; the second starts where the first step ended.
    assert np.allclose(spans[::2], [(0.3, 3.1), (-1.4, -0.4)]) and axes.get_xlim()[1] > 3.1 > plain.get_xlim()[1]
    shares = share_bars(["a", "b"], [0.7, 0.3], [(0.6, 0.8), (0.2, 0.4)]).axes[0]
    assert [text.get_text() for text in shares.texts] == ["70%", "30%"] and len(shares.containers) == 1 + 4
    assert len(share_bars(["a", "b"], [0.7, 0.3]).axes[0].containers) == 1
