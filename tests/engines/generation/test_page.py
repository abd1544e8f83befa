"""The page of an evaluation: pictures, every score beside its reference."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from monai_app.engines.generation.page import grid, write_page

METRICS: dict[str, Any] = {
    "cohort": "phantom", "date": "2026-11-25", "feature_network": "a network", "n": {"held_out": 3},
    "drawing": {"sampler": "flow", "steps": 10, "guidance": 0.0, "told": "all"},
    "likeness": {"generated": {"fid": 3.0, "mmd": 0.02}, "real_floor": {"fid": 1.0, "mmd": 0.001}},
    "ms_ssim": {"real": 0.4, "generated": 0.5},
    "copies": {
        "generated": {"value": 0.021, "low": 0.0, "high": 0.1, "of": 3},
        "held_out": {"value": 0.01, "low": 0.0, "high": 0.1, "of": 3},
        "p_value": 0.4, "planted": 20, "planted_found": 20, "altered_found": 19,
    },
    "fidelity": {"table sex=F": {"ceiling": 0.8, "generated": 0.7, "low": 0.6, "high": 0.75, "shuffled": 0.01, "n": 3}},
    "usefulness": {"label x": {"tstr": 0.6, "trtr": 0.7, "both": 0.7, "difference": (-0.1, -0.2, 0.0), "positives": 9}},
    "coverage": {"generated": {"sex": {"all": (0.8, 3)}}, "real_floor": {"sex": {"all": (0.9, 3)}}},
}  # fmt: skip


def test_the_page_says_synthetic_and_shows_scores_with_their_references(tmp_path: Path) -> None:
    films = np.random.default_rng(0).random((3, 16, 16)).astype(np.float32)
    write_page(METRICS, films, films, tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert "Synthetic; not for diagnosis" in text and "real against real" in text and "table sex=F" in text
    assert text.count("<svg") == 2
    assert "2.1%" in text and "noisy ones 19" in text
    write_page({**METRICS, "copies": None}, films, films, tmp_path / "none.html")
    assert "too few held-out films" in (tmp_path / "none.html").read_text()


def test_a_grid_shows_six_films_across() -> None:
    assert grid(np.zeros((7, 8, 8), np.float32)).get_figheight() == 2
