"""Masks of the lungs that a source keeps beside its films, as the files that stand beside a cohort.

They are written as :mod:`monai_app.cohort.film_masks` reads them. A mask belongs to the film ``NAME.jpg`` if it is
called ``NAME_mask.png`` and has the film's size: one that does not lie on the film's grid would say where nothing is.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from pathlib import Path, PurePosixPath

import numpy as np
import numpy.typing as npt
import polars as pl
from PIL import Image

from monai_app.cohort.film_masks import MASK_LABELS, MASKS_TABLE
from monai_app.cohort.sources.source_files import SourceFolder

Companions = dict[str, bytes | pl.DataFrame]
Bits = npt.NDArray[np.uint8]

LUNGS, BIT = "lungs", 1
_HALF = 127
"""Grey value above which a pixel is lung: masks that were resized smoothly have edges of values in between."""


def lung_masks(
    folder: SourceFolder, films: pl.DataFrame, *, images: str, masks: str
) -> tuple[Companions, tuple[str, ...]]:
    """The masks of those films that have one, and in words how many there are and why others were left out.

    Args:
        films: subject_id and image, whose files exist.
        images: subfolder of the films.
        masks: subfolder of the masks; where it is absent there are none, and nothing to tell.

    Returns:
        Companions of :class:`monai_app.cohort.writer.CohortContent`, and what to tell.
    """
    base = (folder.root / masks).resolve()
    if not base.is_dir():
        return {}, ()
    rows, files, left_out = [], dict[str, bytes](), Counter[str]()
    for subject_id, image in films.select("subject_id", "image").unique().sort("image").iter_rows():
        path = base / f"{PurePosixPath(image).with_suffix('')}_mask.png"
        if not path.resolve().is_relative_to(base) or not path.is_file():
            continue
        mask = _bits(path, folder.root / images / image)
        if isinstance(mask, str):
            left_out[mask] += 1
            continue
        name = f"masks/films/{image}.png"
        rows.append((subject_id, image, "findings", name))
        files[name] = _png(mask)
    without = ", ".join(f"{reason} {count}" for reason, count in sorted(left_out.items())) or "none"
    told = (f"masks of the lungs from {masks}: {len(rows)} of {films.height} films; left out: {without}",)
    if not rows:
        return {}, told
    schema = {"subject_id": pl.Int64, "image": pl.String, "content": pl.String, "mask": pl.String}
    table = pl.DataFrame(rows, schema=schema, orient="row")
    labels = (json.dumps({"film_bits": {LUNGS: BIT}}, indent=2) + "\n").encode()
    return {MASKS_TABLE: table, MASK_LABELS: labels, **files}, told


def _bits(path: Path, film: Path) -> Bits | str:
    """The mask (H, W) of a film, or why it cannot be used."""
    try:
        with Image.open(film) as picture, Image.open(path) as mask:
            if picture.size != mask.size:  # by the headers, so that nothing large is decoded
                return "of another size than the film"
            found: Bits = (np.asarray(mask.convert("L")) > _HALF).astype(np.uint8) * np.uint8(BIT)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return "unreadable"
    return found if found.any() and not found.all() else "nothing or everything marked"


def _png(mask: Bits) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(mask).save(stream, "PNG")
    return stream.getvalue()
