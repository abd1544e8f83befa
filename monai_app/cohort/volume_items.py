"""Items of a classifier of volumes: records of a data list, their labels measured on the label maps."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from monai_app.cohort.datalist import labelled, read_datalist
from monai_app.cohort.volume_targets import ClassificationSpec, VolumeInput, structure_ml

Item = dict[str, Any]


def volume_items(
    datalist: str | Path,
    split: str | None,
    spec: ClassificationSpec,
    *,
    needs_labels: bool = True,
    limit: int | None = None,
) -> list[Item]:
    """One dictionary a record, in the list's order.

    Keys: ``image`` path or paths; ``subject_id`` int, the place in the whole list (from 1) of the patient's first
    record; ``prediction_time`` 0; ``volume_present`` True; ``label_<task>`` float32 (1,), NaN without a label map.

    Args:
        needs_labels: refuse records without a label map.
        limit: take only the first so many.

    Raises:
        InputRejected: as :func:`monai_app.cohort.datalist.read_datalist` and
            :func:`monai_app.cohort.datalist.labelled`.
    """
    place: dict[str, int] = {}
    for number, record in enumerate(read_datalist(datalist), start=1):
        place.setdefault(record["patient"], number)
    records = read_datalist(datalist, split)[:limit]
    if needs_labels:
        labelled(records)
    return [_item(record, place[record["patient"]], spec) for record in records]


def _item(record: Mapping[str, Any], subject_id: int, spec: ClassificationSpec) -> Item:
    item: Item = {"image": record["image"], "subject_id": subject_id, "prediction_time": 0}
    item[f"{VolumeInput.VOLUME.value}_present"] = True
    volumes = structure_volumes(record["label"], spec) if "label" in record else {}
    for target in spec.targets:
        known = target.label(volumes[target.name]) if target.name in volumes else np.nan
        item[f"label_{target.name}"] = np.array([known], dtype=np.float32)
    return item


def structure_volumes(path: str | Path, spec: ClassificationSpec) -> dict[str, float]:
    """Of a label map, per target the volume in mL that its structures take up."""
    image = nibabel.load(path)
    labels = np.asarray(image.dataobj)  # type: ignore[attr-defined]
    voxel_mm3 = float(abs(np.linalg.det(image.affine[:3, :3])))  # type: ignore[attr-defined]
    return {target.name: structure_ml(labels, target.values, voxel_mm3) for target in spec.targets}
