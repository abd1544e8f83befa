"""Data lists of what there is: folders with a splits.csv, and phantom cohorts with their organ and lesion maps.

A phantom's two label maps become one: organs by the numbers of :data:`PHANTOM_STRUCTURES`, and a lesion, whatever it
is, over the organ that it lies in.
"""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import polars as pl

from monai_app.cohort.datalist import SECTIONS
from monai_app.cohort.store import Cohort
from monai_app.core.atomic import atomic_directory, write_bytes, write_json
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json

PHANTOM_STRUCTURES = ("lung_right", "lung_left", "heart", "great_vessels", "airway", "liver", "bone", "lesion")
"""Structures of a phantom's label map, from 1."""

_SPLIT_WORDS = {"train": "train", "val": "tuning", "tuning": "tuning", "test": "held_out", "held_out": "held_out"}


def list_folder(folder: str | Path, out: str | Path) -> dict[str, int]:
    """Write the data list of a folder with ``images/``, ``labels/`` and ``splits.csv`` (``id``, ``split``).

    Args:
        out: the JSON file; paths in it are absolute.

    Returns:
        Number of records of each split.

    Raises:
        InputRejected: ``SPLITS_INVALID``, ``LABEL_MISSING``.
    """
    root = Path(folder).resolve()
    table = pl.read_csv(root / "splits.csv") if (root / "splits.csv").is_file() else pl.DataFrame()
    if not {"id", "split"} <= set(table.columns) or not set(table["split"]) <= set(_SPLIT_WORDS):
        raise InputRejected(
            "SPLITS_INVALID",
            "the folder has no usable splits.csv",
            expected=f"columns id and split, split one of {sorted(_SPLIT_WORDS)}",
        )
    sections: dict[str, list[dict[str, Any]]] = {name: [] for name in SECTIONS.values()}
    for name, split in table.sort("id").select("id", "split").iter_rows():
        image, label = (root / kind / f"{name}.nii.gz" for kind in ("images", "labels"))
        if not image.is_file() or not label.is_file():
            raise InputRejected("LABEL_MISSING", "a record of splits.csv has no image or no label file")
        record = {"image": str(image), "label": str(label), "patient": str(name)}
        sections[SECTIONS[_SPLIT_WORDS[split]]].append(record)
    write_json(out, sections)
    return {name: len(records) for name, records in sections.items()}


def list_phantom(cohort: str | Path, out: str | Path, *, modality: str = "CT", force: bool = False) -> dict[str, int]:
    """Write a folder with ``dataset.json`` and the joined label maps of a phantom cohort's series.

    Args:
        out: the new folder.
        modality: ``CT`` or ``MR``.
        force: replace the folder.

    Returns:
        Number of records of each split.

    Raises:
        InputRejected: ``VOLUMES_MISSING`` for a cohort without such series; ``OUTPUT_EXISTS``.
    """
    root = Path(cohort).resolve()
    series = _series(root, modality)
    numbers = _joining(read_json(root / "mask_labels.json"))
    sections: dict[str, list[dict[str, Any]]] = {name: [] for name in SECTIONS.values()}
    with atomic_directory(out, force=force) as folder:
        for subject, image, organs, lesions, split in series:
            name = f"labels/{Path(image).name}.nii.gz"
            write_bytes(folder / name, _joined(root / organs, root / lesions, numbers))
            record = {"image": str(root / "images" / image), "label": name, "patient": str(subject)}
            sections[SECTIONS[split]].append(record)
        write_json(folder / "dataset.json", sections)
    return {name: len(records) for name, records in sections.items()}


def _series(root: Path, modality: str) -> Sequence[tuple[int, str, str, str, str]]:
    """subject, folder of the series, organ map, lesion map, split; sorted."""
    masks = root / "masks.parquet"
    if not masks.is_file() or not (root / "mask_labels.json").is_file():
        raise _no_volumes(modality)
    table = pl.read_parquet(masks).filter(pl.col("image").str.starts_with(f"{modality.lower()}/"))
    if table.is_empty():
        raise _no_volumes(modality)
    wide = table.pivot(on="content", index=["subject_id", "image"], values="mask")
    split = Cohort(root).splits().select("subject_id", "split")
    joined = wide.join(split, on="subject_id").sort("subject_id", "image")
    return list(joined.select("subject_id", "image", "organs", "lesions", "split").iter_rows())


def _no_volumes(modality: str) -> InputRejected:
    return InputRejected(
        "VOLUMES_MISSING",
        f"the cohort has no {modality} series with label maps",
        expected="a cohort of `monai-app cohort phantom --volumes N`",
        remedy="Simulate one with --volumes.",
    )


def _joining(mask_labels: dict[str, dict[str, int]]) -> np.ndarray:
    """Number of a structure by the number of an organ; 0 for organs that are none."""
    organs = mask_labels["volume_organs"]
    numbers = np.zeros(max(organs.values()) + 1, dtype=np.uint8)
    for number, name in enumerate(PHANTOM_STRUCTURES, start=1):
        if name in organs:
            numbers[organs[name]] = number
    return numbers


def _joined(organs: Path, lesions: Path, numbers: np.ndarray) -> bytes:
    """One gzipped label map of two."""
    organ_map = nibabel.load(organs)
    labels = numbers[np.asarray(organ_map.dataobj).astype(np.int64)]  # type: ignore[attr-defined]
    labels[np.asarray(nibabel.load(lesions).dataobj) > 0] = len(PHANTOM_STRUCTURES)  # type: ignore[attr-defined]
    affine = np.array(organ_map.affine)  # type: ignore[attr-defined]
    if np.linalg.det(affine[:3, :3]) < 0:  # slices run against the normal; the reader of series has them along it
        affine[:3, 3] += affine[:3, 2] * (labels.shape[2] - 1)
        affine[:3, 2] *= -1
        labels = labels[:, :, ::-1]
    joined = nibabel.Nifti1Image(np.ascontiguousarray(labels), affine)  # type: ignore[no-untyped-call]
    return gzip.compress(joined.to_bytes(), compresslevel=4, mtime=0)
