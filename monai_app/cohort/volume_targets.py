"""What a classifier of volumes learns: classes of the volume in mL that structures of a label map take up."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.records import Record

MM3_PER_ML = 1000.0


class VolumeInput(StrEnum):
    """The only input of a classifier of volumes, where others have modalities."""

    VOLUME = "volume"


@dataclass(frozen=True)
class VolumeInputs:
    """What stands in the place of :class:`monai_app.cohort.spec.ModalitySpec`."""

    names: tuple[VolumeInput, ...] = (VolumeInput.VOLUME,)


class VolumeTarget(Record):
    """One task: into which interval the summed volume of some structures falls.

    Attributes:
        name: of the task.
        values: of the label map that are counted.
        edges_ml: ascending; one edge makes a yes-or-no task ("more than"), several a class an interval.
        description: in words.
    """

    name: str
    values: tuple[int, ...] = Field(min_length=1)
    edges_ml: tuple[float, ...] = Field(min_length=1)
    description: str = ""

    @model_validator(mode="after")
    def _edges_rise(self) -> VolumeTarget:
        if any(low >= high for low, high in pairwise(self.edges_ml)):
            msg = "edges must rise"
            raise ValueError(msg)
        return self

    @property
    def task(self) -> TaskSpec:
        """As every network, loss and report knows it."""
        if len(self.edges_ml) == 1:
            return TaskSpec(name=self.name, kind=TaskKind.BINARY, description=self.description)
        return TaskSpec(name=self.name, kind=TaskKind.MULTICLASS, classes=self.classes, description=self.description)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the intervals: ``up to 1 mL``, ``1 to 50 mL``, ``over 50 mL``."""
        edges = [f"{edge:g}" for edge in self.edges_ml]
        between = [f"{low} to {high} mL" for low, high in pairwise(edges)]
        return (f"up to {edges[0]} mL", *between, f"over {edges[-1]} mL")

    def label(self, volume_ml: float) -> float:
        """The interval's number; an edge belongs to the interval below it."""
        return float(np.searchsorted(self.edges_ml, volume_ml, side="left"))


class ClassificationSpec(Record):
    """Input and outputs of a classifier of volumes; stored beside its weights.

    Attributes:
        modality: DICOM modality of the images.
        spacing_mm: voxel size that images are resampled to.
        shape: voxels that they are padded or cropped to, centred.
        targets: the tasks.
        axcodes: orientation of the voxel axes.
    """

    format: Literal["monai-app-volume-classification-1"] = "monai-app-volume-classification-1"
    modality: Literal["CT", "MR"]
    spacing_mm: tuple[float, float, float]
    shape: tuple[int, int, int]
    targets: tuple[VolumeTarget, ...] = Field(min_length=1)
    axcodes: str = "RAS"

    @property
    def tasks(self) -> tuple[TaskSpec, ...]:
        """The tasks of the targets, in their order."""
        return tuple(target.task for target in self.targets)

    @property
    def modalities(self) -> VolumeInputs:
        """One: the volume."""
        return VolumeInputs()


def structure_ml(labels: NDArray[np.integer], values: tuple[int, ...], voxel_mm3: float) -> float:
    """Volume in mL of the voxels (I, J, K) that have one of the values."""
    return float(np.isin(labels, values).sum() * voxel_mm3 / MM3_PER_ML)
