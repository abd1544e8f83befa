"""Balls in noise as NIfTI files with a data list: the smallest data that a segmentation bundle can be run on.

For tests and verification; structure k is a ball of its own grey value and place in every sequence.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from monai_app.core.atomic import write_bytes, write_json
from monai_app.core.random import numpy_generator

_NOISE = 0.05
"""Standard deviation of the noise, where the steps between structures are 1."""


def ball_labels(shape: tuple[int, int, int], structures: int, seed: int) -> np.ndarray:
    """Label map (I, J, K) uint8 of ``structures`` balls side by side along the first axis, of a size that varies."""
    random = numpy_generator("balls", seed)
    grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij")).astype(np.float64)
    labels = np.zeros(shape, dtype=np.uint8)
    pitch = shape[0] / structures
    for number in range(structures):
        centre = [(number + 0.5) * pitch, shape[1] / 2, shape[2] / 2]
        radius = min(pitch, *shape[1:]) * random.uniform(0.3, 0.45)
        labels[((grid - np.reshape(centre, (3, 1, 1, 1))) ** 2).sum(0) < radius**2] = number + 1
    return labels


def write_balls(
    folder: str | Path,
    *,
    sequences: Sequence[str] = ("T1",),
    structures: int = 2,
    volumes: tuple[int, int, int] = (2, 1, 1),
    shape: tuple[int, int, int] = (20, 18, 16),
    spacing_mm: tuple[float, float, float] = (1.0, 1.0, 1.0),
    seed: int = 0,
) -> Path:
    """Write images, label maps and ``dataset.json``; return the latter's path.

    Args:
        sequences: one image file a volume each.
        volumes: of training, validation and test.
        shape: voxels of a volume.
    """
    root = Path(folder)
    affine = np.diag([*spacing_mm, 1.0])
    sections: dict[str, list[dict[str, Any]]] = {}
    number = 0
    for section, count in zip(("training", "validation", "test"), volumes, strict=True):
        sections[section] = []
        for _ in range(count):
            labels = ball_labels(shape, structures, seed + number)
            images = []
            for channel, sequence in enumerate(sequences):
                random = numpy_generator("balls-noise", seed, number, channel)
                values = labels * (1.0 + channel) + random.normal(0, _NOISE, shape)
                images.append(_write(root / "images" / f"{number:03d}_{sequence}.nii.gz", values, affine))
            label = _write(root / "labels" / f"{number:03d}.nii.gz", labels, affine)
            named = [f"images/{name}" for name in images]
            image = named[0] if len(named) == 1 else named
            sections[section].append({"image": image, "label": f"labels/{label}", "patient": f"p{number}"})
            number += 1
    write_json(root / "dataset.json", sections)
    return root / "dataset.json"


def _write(path: Path, values: np.ndarray, affine: np.ndarray) -> str:
    image = nibabel.Nifti1Image(values.astype(np.uint8 if values.dtype == np.uint8 else np.float32), affine)
    write_bytes(path, gzip.compress(image.to_bytes(), compresslevel=1, mtime=0))
    return path.name
