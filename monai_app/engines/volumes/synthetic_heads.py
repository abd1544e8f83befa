"""Data lists of synthetic heads: label maps to train on, and images whose truth is known to evaluate on.

A network trained on synthetic images has no real truth to be judged by; heads made of maps that it never saw, with
contrasts that it never saw, are the next best, and real studies are judged by eye and by volumes.
"""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from monai_app.cohort.datalist import SECTIONS, read_datalist
from monai_app.core.atomic import atomic_directory, write_bytes, write_json
from monai_app.core.errors import InputRejected
from monai_app.core.random import derive_seed
from monai_app.transforms.volume.head_structures import MergeHeadLabelsd, head_synthesis
from monai_app.transforms.volume.load_volume import LoadVolumed

TUNING_MAPS = 2
HELD_OUT_MAPS = 2


def list_heads(folder: str | Path, out: str | Path) -> dict[str, int]:
    """Write the data list of a folder of head label maps: by name, the last two are held out, the two before tune.

    Images are made from the maps while training, so a record's image is its map.

    Returns:
        Number of records of each section.

    Raises:
        InputRejected: ``LABEL_MAPS_MISSING`` where there are too few.
    """
    maps = sorted(Path(folder).resolve().glob("*.nii.gz"))
    if len(maps) <= TUNING_MAPS + HELD_OUT_MAPS:
        raise InputRejected(
            "LABEL_MAPS_MISSING",
            "the folder has too few label maps",
            got=len(maps),
            expected=f"more than {TUNING_MAPS + HELD_OUT_MAPS} .nii.gz files, one a head",
        )
    records = [{"image": str(path), "label": str(path), "patient": path.name.split(".")[0]} for path in maps]
    train = len(records) - TUNING_MAPS - HELD_OUT_MAPS
    sections = {
        "training": records[:train],
        "validation": records[train : train + TUNING_MAPS],
        "test": records[train + TUNING_MAPS :],
    }
    write_json(out, sections)
    return {name: len(section) for name, section in sections.items()}


def write_synthetic_heads(
    datalist: str | Path, out: str | Path, *, draws: int = 5, seed: int = 0, force: bool = False
) -> int:
    """Write a folder with synthetic images of the maps, their label maps and ``dataset.json``, splits as they were.

    Evaluation needs all three splits: what the network finds familiar is fitted on train and tuning.

    Args:
        datalist: of :func:`list_heads`.
        draws: images of each map.
        seed: of all draws; the same seed gives the same files.
        force: replace the folder.

    Returns:
        Number of images.

    Raises:
        InputRejected: ``OUTPUT_EXISTS``; as :func:`monai_app.cohort.datalist.read_datalist`.
    """
    load, merge = LoadVolumed("label", "label"), MergeHeadLabelsd("label")
    synthesis = head_synthesis()
    sections: dict[str, list[dict[str, Any]]] = {section: [] for section in SECTIONS.values()}
    with atomic_directory(out, force=force) as folder:
        for split, section in SECTIONS.items():
            for item, draw in itertools.product(read_datalist(datalist, split), range(draws)):
                synthesis.set_random_state(seed=derive_seed(seed, "synthetic head", item["patient"], draw) % 2**32)
                sample = merge(synthesis(load(item)))
                name = f"{item['patient']}_{draw:02d}.nii.gz"
                for key in ("image", "label"):
                    write_bytes(folder / f"{key}s" / name, _nifti(sample[key]))
                record = {"image": f"images/{name}", "label": f"labels/{name}", "patient": item["patient"]}
                sections[section].append(record)
        write_json(folder / "dataset.json", sections)
    return sum(map(len, sections.values()))


def _nifti(image: Any) -> bytes:
    picture = nibabel.Nifti1Image(image[0].numpy(), np.asarray(image.affine))  # type: ignore[attr-defined]
    return gzip.compress(picture.to_bytes(), compresslevel=4, mtime=0)
