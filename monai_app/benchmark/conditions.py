"""The conditions under which systems are judged: clean, every fault at its severities, every missing pattern."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations
from typing import Any

import numpy as np
import torch
from monai.transforms import Compose

from monai_app.cohort.spec import Modality, ModelSpec
from monai_app.engines.batches import prepare_multimodal_batch
from monai_app.engines.build import with_corruption
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.transforms.corruption.base import quality
from monai_app.transforms.corruption.registry import CORRUPTIONS, applicable_names

Item = Mapping[str, Any]
Batches = list[tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]]


class Kind(StrEnum):
    """What a condition does to the samples."""

    CLEAN = "clean"
    FAULT = "fault"
    MISSING = "missing"


@dataclass(frozen=True)
class Condition:
    """One condition.

    Attributes:
        kind: what is done.
        modality: that is spoiled; for a missing pattern those that stay, joined by ``+``.
        fault: name of the fault.
        severity: of the fault, 1 to 5.
    """

    kind: Kind
    modality: str = ""
    fault: str = ""
    severity: int = 0

    @property
    def slug(self) -> str:
        """Name for a file."""
        return "-".join(part for part in (self.kind.value, self.modality, self.fault, str(self.severity)) if part)

    @property
    def quality(self) -> float:
        """Known quality of the spoiled modality in [0, 1]."""
        return quality(self.severity)


CLEAN = Condition(Kind.CLEAN)


def all_conditions(spec: ModelSpec, statistics: Mapping[str, np.ndarray], severities: Sequence[int]) -> list[Condition]:
    """Clean, every applicable fault of every modality at every severity, every proper subset of the modalities."""
    names = [modality.value for modality in spec.modalities.names]
    found = [CLEAN]
    found += [
        Condition(Kind.FAULT, modality, fault, severity)
        for modality, faults in applicable_names(spec, statistics).items()
        for fault in faults
        for severity in severities
    ]
    found += [
        Condition(Kind.MISSING, "+".join(kept)) for count in range(1, len(names)) for kept in combinations(names, count)
    ]
    return found


def without(items: Sequence[Item], kept: Sequence[str], names: Sequence[str]) -> list[dict[str, Any]]:
    """The samples with only some modalities; those left with none are left out."""
    bare = [
        {**item, **{f"{name}_present": bool(item[f"{name}_present"]) and name in kept for name in names}}
        for item in items
    ]
    return [item for item in bare if any(item[f"{name}_present"] for name in names)]


def conditioned_items(items: Sequence[Item], condition: Condition, spec: ModelSpec) -> list[Item]:
    """The items a condition leaves; faults leave all of them."""
    if condition.kind is not Kind.MISSING:
        return list(items)
    return list(without(items, condition.modality.split("+"), [modality.value for modality in spec.modalities.names]))


def prepared(
    items: Sequence[Item],
    preprocessing: Compose,
    condition: Condition,
    spec: ModelSpec,
    statistics: Mapping[str, np.ndarray],
    *,
    seed: int,
    cache_dir: str | None,
    batch_size: int = 64,
) -> Batches:
    """Batches of the items under a condition.

    A fault's draw is a function of (seed, row): the same for every system, and the same at every severity.

    Args:
        items: of :func:`conditioned_items`.
        cache_dir: keeps decoded films.
    """
    transform = preprocessing
    if condition.kind is Kind.FAULT:
        factory = CORRUPTIONS[Modality(condition.modality)][condition.fault]
        transform = with_corruption(preprocessing, factory(condition.severity, spec, statistics))
    dataset = SampleDataset(items, transform, seed=seed, cache_dir=cache_dir)
    return [prepare_multimodal_batch(batch) for batch in sample_loader(dataset, batch_size=batch_size)]
