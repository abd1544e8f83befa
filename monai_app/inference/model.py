"""A trained segmentation network and what it has to be given; and how a run may differ from the exact one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import torch
from torch import Tensor, nn

from monai_app.core.errors import InputRejected
from monai_app.core.processor import has_bf16

CPU = torch.device("cpu")
AIR = {"CT": -500.0}
"""By modality, the largest value that is surely outside the body (HU); MR has none."""


class Precision(StrEnum):
    """What a pass computes in; blending, softmax and interpolation stay fp32."""

    AUTO = "auto"
    FP32 = "fp32"
    BF16 = "bf16"


class Crop(StrEnum):
    """Which part of the volume windows cover."""

    BODY = "body"
    NONE = "none"


class Backend(StrEnum):
    """What runs the network."""

    TORCH = "torch"
    OPENVINO = "openvino"


@dataclass(frozen=True, eq=False)
class SegmentationModel:
    """A network, the grid and the intensities that it expects, and the names of what it gives.

    Attributes:
        network: ``(1, S, x, y, z) -> (1, C, x, y, z)`` scores before softmax, in evaluation mode.
        classes: name of every class; the first is background.
        spacing_mm: of the network's grid.
        window: network voxels that it sees at once.
        fit_window: the window for a box of so many voxels, where the network may see more or less at once.
        normalise: ``(1, X, Y, Z) -> (S, X, Y, Z)`` intensities, on the network's grid.
        axcodes: orientation of its axes.
        blend: how its windows are blended, MONAI's ``gaussian`` or ``constant``.
        air: largest value of the volume's units that is surely outside the body (-500 HU); None where nothing is.
        modality: DICOM modality it was trained on.
        name: of the bundle.
        version: of the bundle.
        sha256: of the weights.
        sequences: one name an input channel, in their order.
    """

    network: nn.Module
    classes: tuple[str, ...]
    spacing_mm: tuple[float, float, float]
    window: tuple[int, int, int]
    normalise: Callable[[Tensor], Tensor]
    axcodes: str = "RAS"
    blend: str = "gaussian"
    air: float | None = None
    modality: str = "CT"
    name: str = ""
    version: str = ""
    sha256: str = ""
    sequences: tuple[str, ...] = ("image",)
    fit_window: Callable[[Sequence[int]], tuple[int, ...]] | None = None


@dataclass(frozen=True)
class Options:
    """How a run may trade exactness for time; the defaults are the lean ones.

    Attributes:
        overlap: share of a window that its neighbour sees too.
        precision: ``auto`` is bf16 where the processor multiplies it natively, else fp32.
        crop: ``body`` covers the patient only, with :attr:`margin_mm` around.
        backend: ``openvino`` runs in a process of its own.
        margin_mm: of the crop: networks were trained with air around the body, and cut at its skin lose Dice.
    """

    overlap: float = 0.25
    precision: Precision = Precision.AUTO
    crop: Crop = Crop.BODY
    backend: Backend = Backend.TORCH
    margin_mm: float = 48.0

    @classmethod
    def parse(cls, *, overlap: float, precision: str, crop: str, backend: str) -> Options:
        """From the words of a command line.

        Raises:
            InputRejected: ``OPTION_UNKNOWN``, ``OVERLAP_INVALID``, ``BF16_UNSUPPORTED``.
        """
        if not 0.0 <= overlap < 1.0:
            raise overlap_invalid(overlap)
        choices: list[tuple[type[StrEnum], str]] = [(Precision, precision), (Crop, crop), (Backend, backend)]
        for kind, word in choices:
            if word not in set(kind):
                raise InputRejected(
                    "OPTION_UNKNOWN",
                    f"there is no such {kind.__name__.lower()}",
                    expected=", ".join(kind),
                    remedy=f"Check --{kind.__name__.lower()}.",
                )
        chosen = cls(overlap, Precision(precision), Crop(crop), Backend(backend))
        chosen.resolved()
        return chosen

    def resolved(self) -> Precision:
        """The precision that a run will use on this machine.

        Raises:
            InputRejected: ``BF16_UNSUPPORTED`` where bf16 is asked for and would be emulated.
        """
        native = has_bf16(CPU)
        if self.precision is Precision.BF16 and not native:
            raise InputRejected(
                "BF16_UNSUPPORTED",
                "this processor does not multiply bf16",
                expected="AMX or AVX512-BF16",
                remedy="Leave the precision to auto, or ask for fp32.",
            )
        if self.precision is Precision.AUTO:
            return Precision.BF16 if native else Precision.FP32
        return self.precision

    def as_dict(self) -> dict[str, Any]:
        """JSON-able, for the manifest."""
        return {**asdict(self), "precision_used": self.resolved().value}


def overlap_invalid(overlap: float) -> InputRejected:
    """The error about an overlap outside [0, 1)."""
    return InputRejected(
        "OVERLAP_INVALID", "the overlap of windows is no share", got=overlap, expected="[0, 1)", remedy="Say .25 or .5."
    )


EXACT = Options(overlap=0.5, precision=Precision.FP32, crop=Crop.NONE)
"""What MONAI's zoo does: the reference that agreement is measured against."""
