"""The preview shows the films that there are, the highest scores, and what looks unfamiliar."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from monai_app.engines.data import SampleDataset
from monai_app.engines.preview import caption, contact_sheet, three_planes, write_film_preview, write_volume_preview
from tests.engines.simulated import simulated

TEST = simulated(6, tasks=("mortality", "findings", "stay"))


def test_caption_names_the_highest_scores_and_no_regression() -> None:
    lines = caption(TEST, 0).splitlines()
    values = [float(line.split()[1]) for line in lines]
    assert len(lines) == 4 and values == sorted(values, reverse=True)
    assert {line.split()[0] for line in lines} == {"mortality", "oedema", "pneumonia", "fracture"}


def test_caption_tells_spread_and_unfamiliar_inputs() -> None:
    task = TEST.tasks["mortality"]
    doubtful = replace(task, spread=np.full_like(task.score, 0.25))
    flags = np.zeros((6, 2), dtype=bool)
    flags[1, 0] = True
    shown = replace(TEST, tasks={"mortality": doubtful}, out_of_distribution=flags)
    assert caption(shown, 0).endswith("± 0.25") and caption(shown, 1).endswith("UNFAMILIAR INPUT")


def test_sheet_grows_with_its_pictures_and_repeats_its_bytes() -> None:
    picture = np.linspace(0, 1, 64).reshape(8, 8)
    sizes = [Image.open(io.BytesIO(contact_sheet([picture] * n, ["a"] * n))).size for n in (1, 4, 5)]
    assert sizes[0] == sizes[1] and sizes[2][1] > sizes[1][1]
    assert contact_sheet([picture], ["a"]) == contact_sheet([picture], ["a"])


def test_only_films_that_are_there_are_drawn(tmp_path: Path) -> None:
    TEST.write(tmp_path / "predictions.parquet")
    asked: list[int] = []

    class Films(SampleDataset):
        def __getitem__(self, index: int) -> dict[str, np.ndarray]:
            asked.append(index)
            return {"film": np.zeros((1, 8, 8))}

    dataset = Films([{"film_present": row != 1} for row in range(6)])
    written = write_film_preview(dataset, tmp_path, count=3, written={"samples": 6})
    assert asked == [0, 2, 3] and written["samples"] == 6
    assert Path(written["preview"]).read_bytes().startswith(b"\x89PNG")


def test_planes_stand_head_up_with_the_right_side_on_the_left() -> None:
    volume = np.zeros((8, 8, 8))
    volume[7, 4, 7] = 1.0  # right, middle, head
    coronal = three_planes(volume)[:, :8]
    assert coronal[0, 0] == 1 and coronal.sum() == 1


def test_volumes_are_drawn_in_their_order(tmp_path: Path) -> None:
    TEST.write(tmp_path / "predictions.parquet")
    asked: list[int] = []

    class Volumes(SampleDataset):
        def __getitem__(self, index: int) -> dict[str, np.ndarray]:
            asked.append(index)
            return {"image": np.linspace(0, 1, 336).reshape(1, 6, 7, 8)}

    written = write_volume_preview(Volumes([{}] * 6), tmp_path, count=2)
    assert asked == [0, 1] and Path(written["preview"]).is_file()
