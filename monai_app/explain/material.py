"""What a page shows beside the maps: the film as it was taken, the note as it was written, names and units."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_app.cohort.spec import ModelSpec
from monai_app.dicom.film import read_film
from monai_app.transforms.film import is_dicom
from monai_app.transforms.picture import read_picture

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FilmMaterial:
    """A film on its own grid.

    Attributes:
        pixels: (H, W) in [0, 1].
        spacing_mm: distance of its (rows, columns) where known.
        letters: patient directions at the left, right, top and bottom edge where the file says them.
    """

    pixels: Floats
    spacing_mm: tuple[float, float] | None
    letters: tuple[str, str, str, str] | None = None


@dataclass(frozen=True, eq=False)
class Material:
    """Beside the maps.

    Attributes:
        spec: of the model, for names and units.
        film: None where the case has none.
        note: the original text.
        offsets: (L, 2) characters behind each token, -1 for marks; None where there is no note.
        provenance: where model and case come from, JSON-able.
    """

    spec: ModelSpec
    film: FilmMaterial | None = None
    note: str = ""
    offsets: npt.NDArray[np.int64] | None = None
    provenance: dict[str, Any] = field(default_factory=dict)


def film_material(path: str | Path) -> FilmMaterial:
    """Read a film at its full resolution.

    Raises:
        InputRejected: as :func:`monai_app.dicom.film.read_film` and :func:`monai_app.transforms.picture.read_picture`.
    """
    if is_dicom(path):
        film = read_film(path)
        return FilmMaterial(film.pixels, film.spacing_mm, film.letters)
    stored = read_picture(path)
    low, high = (0, 255) if stored.dtype == np.uint8 else (int(stored.min()), int(stored.max()))
    return FilmMaterial(((stored.astype(np.float32) - low) / (high - low)).astype(np.float32), None)
