"""Images: paths, bytes, and the same picture under two patients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from monai_app.cohort.check.findings import Finding, Severity
from monai_app.cohort.check.lookalikes import MAX_BITS_APART, close_pairs, perceptual_hash
from monai_app.cohort.store import Cohort
from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected

_THREADS = 2
_SHOWN_ROWS = 10
_FILM_MODALITIES = ("CR", "DX", "RG")


@dataclass(frozen=True)
class _Opened:
    """What was seen of one image; ``fault`` is the code of what went wrong."""

    fault: str = ""
    hash: npt.NDArray[np.uint64] | None = None


def check_images(cohort: Cohort, *, on_image: Callable[[], None] = lambda: None) -> Iterator[Finding]:
    """Open every image of the index: escaping, missing, changed and unreadable ones, and films under two patients."""
    images = cohort.images().with_row_index("row")
    if images.is_empty():
        return
    with ThreadPoolExecutor(_THREADS) as pool:
        opened = []
        for seen in pool.map(lambda image: _open(cohort, image), images.iter_rows(named=True)):
            opened.append(seen)
            on_image()
    yield from _faults(opened)
    splits = cohort.splits().unique("subject_id")
    yield from _same_bytes(images.join(splits, on="subject_id", how="left", maintain_order="left"))
    rows = np.array([row for row, seen in enumerate(opened) if seen.hash is not None], np.int64)
    hashes = [seen.hash for seen in opened if seen.hash is not None]
    if hashes:
        yield from _same_picture(images.join(splits, on="subject_id", how="left", maintain_order="left"), rows, hashes)


def _open(cohort: Cohort, image: dict[str, object]) -> _Opened:
    try:
        path = cohort.image_path(str(image["path"]))
        if not path.is_file():
            return _Opened("IMAGE_MISSING")
        if image["sha256"] is not None and sha256_file(path) != image["sha256"]:
            return _Opened("IMAGE_CHANGED")
        return _Opened(hash=perceptual_hash(path) if image["modality"] in _FILM_MODALITIES else None)
    except InputRejected as error:
        return _Opened(error.code if error.code in _FAULTS else "IMAGE_UNREADABLE")


_FAULTS = {
    "PATH_ESCAPES": ("image paths leave the cohort; they were not opened", "Rebuild the image index."),
    "IMAGE_MISSING": ("indexed images do not exist", "Restore them, or rebuild the index."),
    "IMAGE_CHANGED": ("images differ from their SHA-256 in the index", "Restore them; they were damaged or replaced."),
    "IMAGE_UNREADABLE": ("films cannot be read", "Look at them one by one; the models would stop there."),
    "NO_CONTENT": ("films show nothing: all their pixels are equal", "Leave them out."),
}


def _faults(opened: list[_Opened]) -> Iterator[Finding]:
    for code, (what, remedy) in _FAULTS.items():
        rows = [row for row, seen in enumerate(opened) if seen.fault == code]
        if rows:
            yield Finding(code, Severity.ERROR, what, len(rows), remedy, tuple(rows[:_SHOWN_ROWS]))


def _same_bytes(images: pl.DataFrame) -> Iterator[Finding]:
    groups = images.drop_nulls("sha256").group_by("sha256", maintain_order=True)
    shared = groups.agg("row", patients=pl.col("subject_id").n_unique()).filter(pl.col("patients") > 1)
    if shared.height:
        yield Finding(
            "IMAGE_UNDER_TWO_PATIENTS",
            Severity.ERROR,
            "files with the same bytes stand under several patients",
            shared.height,
            "Find out whose image it is; one of the patients has the wrong one.",
            tuple(shared["row"].list.head(2).explode(empty_as_null=False).to_list()[:_SHOWN_ROWS]),
        )


def _same_picture(
    images: pl.DataFrame, rows: npt.NDArray[np.int64], hashes: list[npt.NDArray[np.uint64]]
) -> Iterator[Finding]:
    """Look-alikes of two patients that are not the same file; across splits they would leak."""
    pairs = rows[close_pairs(np.stack(hashes))]
    subjects, digests, splits = (images[name].to_list() for name in ("subject_id", "sha256", "split"))
    different = [
        (one, two)
        for one, two in pairs.tolist()
        if subjects[one] != subjects[two] and (digests[one] is None or digests[one] != digests[two])
    ]
    across = [pair for pair in different if splits[pair[0]] != splits[pair[1]]]
    within = [pair for pair in different if splits[pair[0]] == splits[pair[1]]]
    for code, severity, found, where in (
        ("LOOKALIKE_ACROSS_SPLITS", Severity.ERROR, across, "in different splits"),
        ("LOOKALIKE_WITHIN_SPLIT", Severity.WARNING, within, "in one split"),
    ):
        if found:
            shown = [row for pair in found for row in pair][:_SHOWN_ROWS]
            what = f"pairs of films of two patients {where} differ in at most {MAX_BITS_APART} of 256 bits"
            remedy = "Look at both; two ids of one patient belong together, and into one split."
            yield Finding(code, severity, what, len(found), remedy, tuple(shown))
