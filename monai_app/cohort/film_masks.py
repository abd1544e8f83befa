"""Masks of films beside a cohort: which file belongs to which film, and which bits mean which structure.

``masks.parquet`` (subject_id, image, content, mask) and ``mask_labels.json`` (``film_bits``: name -> bit value), as
:mod:`monai_app.phantom` and sources with masks write them; a mask is a grey PNG on the film's own grid.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json

_SIDES = ("_left", "_right")


MASKS_TABLE, MASK_LABELS = "masks.parquet", "mask_labels.json"


def film_masks(cohort_dir: str | Path, *, subject_id: int | None = None) -> dict[Path, Path]:
    """The mask of each film that has one, both as absolute paths.

    Args:
        subject_id: only this patient's.

    Raises:
        InputRejected: ``MASKS_MISSING``.
    """
    cohort = Cohort(cohort_dir)
    rows = pl.read_parquet(_beside(cohort.path, MASKS_TABLE)).filter(pl.col("mask").str.starts_with("masks/films/"))
    if subject_id is not None:
        rows = rows.filter(pl.col("subject_id") == subject_id)
    pairs = rows.select("image", "mask").iter_rows()
    return {cohort.image_path(image): (cohort.path / mask).resolve() for image, mask in pairs}


def mask_bits(cohort_dir: str | Path) -> dict[str, int]:
    """The bit of each region.

    Raises:
        InputRejected: ``MASKS_MISSING``.
    """
    bits: dict[str, int] = read_json(_beside(Path(cohort_dir), MASK_LABELS))["film_bits"]
    return bits


def mask_structures(cohort_dir: str | Path) -> dict[str, int]:
    """Bits of each structure, in the order of the bits; both lungs are one, since training mirrors films.

    Raises:
        InputRejected: ``MASKS_MISSING``.
    """
    joined: dict[str, int] = {}
    for name, bit in sorted(mask_bits(cohort_dir).items(), key=lambda entry: entry[1]):
        stem = next((name.removesuffix(side) for side in _SIDES if name.endswith(side)), name)
        joined[stem] = joined.get(stem, 0) | bit
    return joined


def _beside(cohort_dir: Path, name: str) -> Path:
    path = cohort_dir / name
    if not path.is_file():
        raise InputRejected(
            "MASKS_MISSING",
            "the cohort has no masks of its films",
            got=f"no {name}",
            expected="masks.parquet and mask_labels.json beside cohort.json",
            remedy="Pretrain on a cohort of `monai-app cohort phantom`, and train on this one from that.",
        )
    return path
