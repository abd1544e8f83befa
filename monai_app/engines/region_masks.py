"""Known regions of a film, from the masks that stand beside a cohort: what a map is scored against.

A cohort with masks has ``masks.parquet`` (image, mask), pictures whose pixels are sums of bits, and `mask_labels.json`
with the bit of each region; the phantom writes them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from monai_app.cohort.spec import ModelSpec
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.dicom.area import area_mean, fitted_shape
from monai_app.transforms.film import letterbox
from monai_app.transforms.picture import read_picture

Bools = npt.NDArray[np.bool_]
TABLE, LABELS = "masks.parquet", "mask_labels.json"


def film_regions(
    cohort_dir: str | Path, item: Mapping[str, Any], spec: ModelSpec, names: Sequence[str]
) -> dict[str, Bools]:
    """Regions (S, S) of a case's film on the network's grid, by name.

    Args:
        names: regions of ``mask_labels.json``; several joined by ``+`` are taken together.

    Raises:
        InputRejected: ``NO_MASKS``, ``REGION_UNKNOWN``.
    """
    film = spec.modalities.film
    if not names:
        return {}
    folder = Path(cohort_dir)
    if film is None or not item["film_present"] or not (folder / TABLE).is_file():
        raise _no_masks()
    bits: dict[str, int] = read_json(folder / LABELS)["film_bits"]
    stored = _mask_of(folder, item)
    return {name: _on_grid(stored & _bits(name, bits), film.size_px) for name in names}


def _mask_of(folder: Path, item: Mapping[str, Any]) -> npt.NDArray[np.integer[Any]]:
    cohort = Cohort(folder)
    table = pl.read_parquet(folder / TABLE).filter(pl.col("subject_id") == item["subject_id"])
    for image, mask in table.select("image", "mask").iter_rows():
        if str(cohort.image_path(image)) == item["film"]:
            return read_picture(folder / mask)
    raise _no_masks()


def _bits(name: str, bits: Mapping[str, int]) -> int:
    found = 0
    for part in name.split("+"):
        if part not in bits:
            raise InputRejected(
                "REGION_UNKNOWN", "the masks have no such region", expected=", ".join(bits), remedy="Name one of these."
            )
        found |= bits[part]
    return found


def _on_grid(inside: npt.NDArray[np.integer[Any]], size_px: int) -> Bools:
    """More than half of a cell."""
    marked = (inside > 0).astype(np.uint8)
    if max(marked.shape) > size_px:
        share, _ = area_mean(marked, fitted_shape(marked.shape[0], marked.shape[1], size_px))
    else:
        share = marked.astype(np.float32)
    found: Bools = letterbox(share, size_px) > 0.5
    return found


def _no_masks() -> InputRejected:
    return InputRejected(
        "NO_MASKS",
        "there are no masks of this case's film to score its map against",
        expected=f"{TABLE} and {LABELS} in the cohort, with a mask of the film",
        remedy="Leave --region out, or choose a case whose film has a mask.",
    )
