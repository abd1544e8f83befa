"""What a segmentation network is built for; stored beside its weights so that inference needs no data list."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from monai_app.core.records import Record


class SegmentationSpec(Record):
    """Inputs and outputs of a segmentation network.

    Attributes:
        modality: DICOM modality of the images.
        sequences: one name an input channel (``("FLAIR", "T1c")``, ``("CT",)``), in the order of the channels.
        structures: one name a foreground class; structure k (from 1) is label value k, and 0 is background.
        spacing_mm: voxel size that images are resampled to; None leaves them as they are.
        patch: voxels of the window that the network sees at once.
        axcodes: orientation of the voxel axes that the network sees.
    """

    format: Literal["monai-app-segmentation-1"] = "monai-app-segmentation-1"
    modality: Literal["CT", "MR"]
    sequences: tuple[str, ...] = Field(min_length=1)
    structures: tuple[str, ...] = Field(min_length=1)
    spacing_mm: tuple[float, float, float] | None = None
    patch: tuple[int, int, int]
    axcodes: str = "RAS"

    @model_validator(mode="after")
    def _names_differ(self) -> SegmentationSpec:
        for names in (self.sequences, self.structures):
            if len(set(names)) != len(names):
                msg = "names must differ"
                raise ValueError(msg)
        return self

    @property
    def in_channels(self) -> int:
        """Number of input channels."""
        return len(self.sequences)

    @property
    def out_channels(self) -> int:
        """Number of output channels: background and structures."""
        return 1 + len(self.structures)
