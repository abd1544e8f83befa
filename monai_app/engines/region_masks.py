"""Known regions of a film, from the masks that stand beside a cohort: what a map is scored against."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monai_app.cohort.film_masks import MASK_LABELS, MASKS_TABLE, film_masks, mask_bits
from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.transforms.film_masks import load_masks

Bools = npt.NDArray[np.bool_]


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
    if film is None or not item["film_present"] or not (Path(cohort_dir) / MASKS_TABLE).is_file():
        raise _no_masks()
    known = mask_bits(cohort_dir)
    wanted = [_bits(name, known) for name in names]
    mask = film_masks(cohort_dir, subject_id=item["subject_id"]).get(Path(item["film"]))
    if mask is None:
        raise _no_masks()
    shares = load_masks(mask, wanted, film.size_px).numpy()
    return {name: share > 0.5 for name, share in zip(names, shares, strict=True)}  # more than half of a cell


def _bits(name: str, bits: Mapping[str, int]) -> int:
    found = 0
    for part in name.split("+"):
        if part not in bits:
            raise InputRejected(
                "REGION_UNKNOWN", "the masks have no such region", expected=", ".join(bits), remedy="Name one of these."
            )
        found |= bits[part]
    return found


def _no_masks() -> InputRejected:
    return InputRejected(
        "NO_MASKS",
        "there are no masks of this case's film to score its map against",
        expected=f"{MASKS_TABLE} and {MASK_LABELS} in the cohort, with a mask of the film",
        remedy="Leave --region out, or choose a case whose film has a mask.",
    )
