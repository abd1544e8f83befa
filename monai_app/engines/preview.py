"""A picture to look at: the first films or volumes as the network saw them, with what it said of each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from monai_app.core.atomic import write_bytes
from monai_app.core.page import figure_png
from monai_app.engines.data import SampleDataset
from monai_app.engines.prediction_files import NOTICE
from monai_app.engines.predictions import Predictions, TaskPredictions, score_columns
from monai_app.engines.report.style import INK, WARM
from monai_app.engines.views import is_classification

PREVIEW_NAME = "preview.png"
_COLUMNS = 4
_LINES = 4
"""Scores under a picture, the highest first."""


def write_film_preview(
    dataset: SampleDataset, folder: str | Path, *, count: int = 8, written: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Draw the first films of a dataset into ``preview.png`` of the folder that holds their predictions.

    Args:
        dataset: of the predicted samples, in their order.
        folder: with predictions.parquet.
        count: films at most.
        written: what the step before has returned; it is returned again, with the picture's path.
    """
    rows = [row for row, item in enumerate(dataset.data) if item.get("film_present")][:count]
    return _write(folder, rows, [_picture(dataset, row, "film") for row in rows], written)


def write_volume_preview(
    dataset: SampleDataset, folder: str | Path, *, count: int = 8, written: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Draw three planes through the middle of the first volumes; arguments as :func:`write_film_preview`."""
    rows = list(range(min(count, len(dataset.data))))
    return _write(folder, rows, [three_planes(_picture(dataset, row, "image")) for row in rows], written)


def three_planes(volume: NDArray[Any]) -> NDArray[Any]:
    """Coronal, sagittal and axial plane through the middle of a volume (I, J, K) in RAS, side by side, in [0, 1].

    Head up, or the front where there is no head; the patient's right is on the left.
    """
    i, j, k = (side // 2 for side in volume.shape)
    planes = [np.flip(plane.T) for plane in (volume[:, j], volume[i], volume[:, :, k])]
    height = max(plane.shape[0] for plane in planes)
    low, high = np.quantile(volume, [0.01, 0.995])
    padded = [np.pad(plane, ((0, height - len(plane)), (0, 1)), constant_values=low) for plane in planes]
    return np.clip((np.concatenate(padded, axis=1) - low) / max(high - low, 1e-6), 0, 1)


def _picture(dataset: SampleDataset, row: int, key: str) -> NDArray[Any]:
    """The first channel of a prepared sample; previewed datasets give one sample a row."""
    return np.asarray(cast(dict[str, Any], dataset[row])[key])[0]


def _write(
    folder: str | Path, rows: list[int], pictures: list[NDArray[Any]], written: Mapping[str, Any] | None
) -> dict[str, Any]:
    predictions = Predictions.read(Path(folder) / "predictions.parquet")
    path = Path(folder) / PREVIEW_NAME
    write_bytes(path, contact_sheet(pictures, [caption(predictions, row) for row in rows]))
    return {**(written or {}), "preview": str(path)}


def caption(predictions: Predictions, row: int) -> str:
    """The highest classification scores of a sample, with their spread, and a warning where it looks unfamiliar."""
    found: list[tuple[float, str]] = []
    for name, task in predictions.tasks.items():
        if not is_classification(task.spec):
            continue
        for k, label in enumerate(score_columns(task.spec)):
            shown = name if label == "value" else label
            found.append((task.score[row, k], f"{shown} {task.score[row, k]:.2f}{_spread(task, row, k)}"))
    lines = [text for _, text in sorted(found, key=lambda pair: -pair[0])[:_LINES]]
    flags = predictions.out_of_distribution
    return "\n".join([*lines, "UNFAMILIAR INPUT"] if flags is not None and flags[row].any() else lines)


def _spread(task: TaskPredictions, row: int, k: int) -> str:
    return "" if task.spread is None else f" ± {task.spread[row, k]:.2f}"


def contact_sheet(pictures: list[NDArray[Any]], captions: list[str]) -> bytes:
    """Pictures (H, W) in [0, 1] in rows of four, each above its caption, as PNG."""
    rows = max(1, -(-len(pictures) // _COLUMNS))
    figure = Figure(figsize=(2.6 * _COLUMNS, 3.4 * rows), layout="constrained")
    axes = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for place in axes:
        place.axis("off")
    for place, picture, text in zip(axes, pictures, captions, strict=False):
        place.imshow(picture, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        place.set_title(text, fontsize=8, color=WARM if "UNFAMILIAR" in text else INK, loc="left", y=-0.02, va="top")
    figure.suptitle(NOTICE, fontsize=8, color=INK)
    return figure_png(figure)
