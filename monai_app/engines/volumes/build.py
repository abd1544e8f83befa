"""What the configurations of volume bundles build by name: items of a split, networks with seeded weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import nn

from monai_app.cohort.datalist import labelled, read_datalist
from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.core.atomic import content_hash, sha256_file
from monai_app.core.random import scoped_torch_seed
from monai_app.engines.model_folder import read_record


def seeded(network: Callable[[], nn.Module], *, seed: int = 0) -> nn.Module:
    """A network whose initial weights are a function of the seed; the global generator is left as it was.

    Args:
        network: builds it (a configuration with ``_mode_: callable``).
    """
    with scoped_torch_seed(seed, "weights"):
        return network()


def split_items(
    datalist: str, split: str | None, *, needs_labels: bool = True, limit: int | None = None, fold: int | None = None
) -> Sequence[Mapping[str, Any]]:
    """The items of a split of a data list (:func:`monai_app.cohort.datalist.read_datalist`).

    Args:
        needs_labels: refuse records without a label.
        limit: take only the first so many.

    Raises:
        InputRejected: as ``read_datalist`` and ``labelled``.
    """
    items: Sequence[Mapping[str, Any]] = read_datalist(datalist, split, fold=fold)[:limit]
    return labelled(items) if needs_labels else items


def datalist_provenance(datalist: str) -> dict[str, str]:
    """What of the data makes a training itself: the list, and the label maps' content."""
    files = [item["label"] for item in read_datalist(datalist) if "label" in item]
    return {"datalist": sha256_file(datalist), "labels": content_hash([sha256_file(file) for file in files])}


def structure_names(structures: Sequence[str]) -> str:
    """The structures of a title: ``anterior, posterior``."""
    return ", ".join(name.replace("_", " ") for name in structures)


def trained_spec(folder: str) -> SegmentationSpec:
    """The spec of a trained segmentation model.

    Raises:
        InputRejected: ``MODEL_MISSING``, ``RECORD_INVALID``.
    """
    return read_record(folder, SegmentationSpec)
