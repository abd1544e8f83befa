"""Explaining one volume of a data list, or one that a path leads to, through a bundle."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from monai.data import MetaTensor

from monai_app.cohort.datalist import read_datalist
from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.core.atomic import refuse_existing, sha256_file
from monai_app.core.errors import InputRejected
from monai_app.dicom.volume_checks import VolumeKind
from monai_app.dicom.volume_files import read_volume
from monai_app.engines.evaluator import BatchEvaluator
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.explain.methods import find_method
from monai_app.explain.target import Target, find_target
from monai_app.explain.volumes.baseline import find_baseline
from monai_app.explain.volumes.explanation import explain_volume, volume_believability
from monai_app.explain.volumes.files import write_volume_explanation
from monai_app.explain.volumes.material import VolumeMaterial
from monai_app.explain.volumes.regions import VolumeSpec, find_regions, label_regions
from monai_app.explain.volumes.seen import SeenVolume
from monai_app.explain.volumes.structure import structure_target
from monai_app.inference.source import Source, read_sources

logger = logging.getLogger(__name__)

Item = Mapping[str, Any]


def explainable_items(
    datalist: str | Path, source: str | Sequence[str] | None = None, split: str | None = None
) -> list[dict[str, Any]]:
    """The volumes that can be explained: the one that paths lead to, or those of a data list.

    Args:
        source: NIfTI, NRRD or DICOM folder, one a sequence; None takes the list.

    Raises:
        InputRejected: as :func:`monai_app.cohort.datalist.read_datalist`.
    """
    if source is not None:
        paths = (source,) if isinstance(source, str) else tuple(source)
        return [{"image": paths[0] if len(paths) == 1 else paths}]
    return read_datalist(datalist, split)


def find_item(items: Sequence[Item], case: str | int | None, source: Any = None) -> Item:
    """The volume to explain.

    Args:
        case: place in the list, from 1, or the name of a patient in it.
        source: where not None, the only item is the one.

    Raises:
        InputRejected: ``CASE_UNKNOWN``, ``CASE_AMBIGUOUS``.
    """
    if source is not None:
        return items[0]
    name = str("" if case is None else case)
    if name.isdigit() and 1 <= int(name) <= len(items):
        return items[int(name) - 1]
    found = [item for item in items if item["patient"] == name]
    if len(found) == 1:
        return found[0]
    raise InputRejected(
        "CASE_AMBIGUOUS" if found else "CASE_UNKNOWN",
        "the patient has several volumes in the list" if found else "the data list has no such volume",
        got=f"{len(found)} volumes of that patient" if found else f"a list of {len(items)} volumes",
        expected=f"a place in the list from 1 to {len(items)}",
        remedy="Say its place in the list, or give the volume itself as --input.",
    )


def explain_volume_case(
    evaluator: BatchEvaluator,
    spec: VolumeSpec,
    *,
    preprocessing: Callable[[dict[str, Any]], Mapping[Any, Any]],
    model_dir: str | Path,
    case: str | int | None,
    source: str | Sequence[str] | None,
    target: str | None,
    method: str,
    out_dir: str | Path,
    feature_layer: str | None = None,
    regions: Sequence[str] | None = None,
    rules: str | None = None,
    baseline: str | None = None,
    air: float | None = None,
    force: bool = False,
    seed: int = 0,
) -> dict[str, Any]:
    """Explain one volume and write its folder; return the record.

    Args:
        evaluator: with the network and a loader over :func:`explainable_items`.
        preprocessing: of the bundle; keeps the grid that the network sees as ``image_network_affine``.
        case: see :func:`find_item`.
        source: as given to ``explainable_items``.
        target: ``task`` or ``task/class``, or a structure.
        feature_layer: of a segmentation network, for Grad-CAM.
        regions: of the label map to score the map against; None takes the target's own where there is a label map.
        rules: file of series rules, where a folder holds several series.
        baseline: ``blur`` or ``median``; None takes the usual one.
        air: of a segmentation, see :func:`monai_app.explain.volumes.structure.find_structure`.

    Raises:
        InputRejected: ``OUTPUT_EXISTS``, ``LABEL_UNKNOWN``, ``METHOD_UNKNOWN``, ``BASELINE_UNKNOWN``,
            ``CASE_UNKNOWN``, ``CASE_AMBIGUOUS``,
            ``REGION_UNKNOWN``; as :func:`monai_app.inference.source.read_sources` and
            :func:`monai_app.explain.volumes.explanation.explain_volume`.
    """
    refuse_existing(out_dir, force=force)
    chosen, sequences = _asked(spec, target or "")
    way, away = find_method(method), None if baseline is None else find_baseline(baseline)
    item, network = find_item(evaluator.loader.dataset.data, case, source), evaluator.network
    names = find_regions(spec, chosen, regions or (), has_labels="label" in item)
    read = read_item(item, sequences, rules)
    seen = seen_by_network(read, preprocessing, next(network.parameters()).device)
    labels = read_volume(item["label"], kind=VolumeKind.LABEL) if names else None
    known = {} if labels is None else label_regions(labels, seen, spec, names)
    logger.info("mapping by %s", way.value)
    found = explain_volume(
        network, spec, seen, chosen.name, method=way, feature_layer=feature_layer, regions=known, baseline=away, air=air
    )
    logger.info("testing the map")
    scores = volume_believability(found, seed=seed)
    images = dict(zip(sequences, (read.volume, *read.others), strict=True))
    provenance = {"input": read.identity, "weights_sha256": sha256_file(Path(model_dir) / WEIGHTS_NAME)}
    return write_volume_explanation(
        out_dir, found, scores, VolumeMaterial(images, spec.modality, provenance), force=force
    )


def _asked(spec: VolumeSpec, name: str) -> tuple[Target, tuple[str, ...]]:
    """What is explained, and the names of the images."""
    if isinstance(spec, SegmentationSpec):
        return structure_target(spec, name), spec.sequences
    return find_target(spec, name), (spec.modality,)


def read_item(item: Item, sequences: Sequence[str], rules: str | None = None) -> Source:
    """The images of an item, one a sequence.

    Raises:
        InputRejected: ``SEQUENCES_MISMATCH``; as :func:`read_sources`.
    """
    paths = [item["image"]] if isinstance(item["image"], str) else list(item["image"])
    read = read_sources(paths, rules=rules, sequences=sequences)
    if 1 + len(read.others) != len(sequences):
        raise InputRejected(
            "SEQUENCES_MISMATCH",
            "the network takes another number of sequences",
            got=f"{1 + len(read.others)}",
            expected=f"{len(sequences)}: {', '.join(sequences)}",
            remedy="Give one --input a sequence, in this order.",
        )
    return read


def seen_by_network(
    read: Source, preprocessing: Callable[[dict[str, Any]], Mapping[Any, Any]], device: torch.device
) -> SeenVolume:
    """The volume as the network gets it, and where its voxels lie."""
    sample = preprocessing({"image": (read.volume, *read.others)})
    image = torch.as_tensor(sample["image"])
    plain = image.as_tensor() if isinstance(image, MetaTensor) else image
    affine = np.asarray(sample["image_network_affine"], np.float64)
    return SeenVolume(plain.float().to(device), affine)
