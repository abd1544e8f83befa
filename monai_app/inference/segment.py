"""One volume through a network to labels in its own voxels, streaming: no second copy of it, one slab of scores.

Resample a plane at a time -> find the body -> windows in it -> rows of probabilities as they become final -> labels of
the planes between them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import torch
from monai.data import MetaTensor
from torch import Tensor

from monai_app.core.processor import one_thread
from monai_app.dicom.volume import Volume
from monai_app.inference.grid import NetworkGrid, network_grid
from monai_app.inference.labels import LabelPainter
from monai_app.inference.model import Backend, Crop, Options, Precision, SegmentationModel
from monai_app.inference.openvino import openvino_predictor
from monai_app.inference.resample import plane_order, to_network_grid
from monai_app.inference.rolling import Predict, stream_probabilities
from monai_app.inference.stages import Stages
from monai_app.inference.windows import WindowPlan, plan_windows, without_air
from monai_app.transforms.volume.body import BodyMap, Box, background_beside, everything, find_body

Observer = Callable[[Tensor], None]
"""Sees every slab of probabilities ``(C, n, a, b)`` on the network's grid once."""


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Labels of a volume, and how they came about.

    Attributes:
        labels: ``(I, J, K)`` uint8 in the volume's voxels.
        affine_ras: the volume's.
        counts: voxels of every class.
        windows: that the network saw.
        windows_skipped: over air.
        windows_usual: that MONAI would lay over the whole volume at the same overlap.
    """

    labels: np.ndarray
    affine_ras: np.ndarray
    counts: tuple[int, ...]
    windows: int
    windows_skipped: int
    windows_usual: int
    stages: Stages = field(default_factory=Stages)


@dataclass(frozen=True)
class Progress:
    """Whom to tell how far it is: the number of windows before the first, and then each."""

    on_start: Callable[[int], None] = lambda _windows: None
    on_window: Callable[[], None] = lambda: None


def segment_volume(
    volume: Volume,
    model: SegmentationModel,
    options: Options | None = None,
    *,
    others: Sequence[Volume] = (),
    progress: Progress | None = None,
    observers: Sequence[Observer] = (),
    stages: Stages | None = None,
) -> Segmentation:
    """Label every voxel of a volume.

    Args:
        volume: in the units of the model's modality (HU for CT).
        others: further sequences on the same grid, in the order of the network's channels.
        observers: for measurements on probabilities that nobody keeps.
        stages: a stopwatch that has measured what came before.

    Raises:
        InputRejected: ``NOT_FINITE``, ``NO_CONTENT``, ``AFFINE_SHEARED``, ``AFFINE_SINGULAR``, ``OVERLAP_INVALID``,
            ``BF16_UNSUPPORTED``.
    """
    chosen, told, watch = options or Options(), progress or Progress(), stages or Stages()
    grid = network_grid(volume.array.shape, volume.affine_ras, spacing_mm=model.spacing_mm, axcodes=model.axcodes)
    with torch.inference_mode():
        with watch("resample"), one_thread():
            raw = [to_network_grid(one.array, grid, valid=one.valid) for one in (volume, *others)]
        with watch("body"):
            body = _body(model, chosen, raw[0])
            plan, usual = _plan(volume, model, chosen, grid, body)
        with watch("normalise"):
            affine = torch.from_numpy(grid.affine_ras)
            channels = torch.stack(raw) if others else raw[0][None]  # one channel keeps its order in memory
            image = torch.as_tensor(model.normalise(MetaTensor(channels, affine=affine))).as_subclass(Tensor).float()
            del raw, channels
        told.on_start(len(plan.starts))
        with _predictor(model, chosen, channels=image.shape[0], window=plan.size) as predict:
            painter = LabelPainter(grid, plan, len(model.classes))
            slabs = stream_probabilities(
                image, predict, plan, channels=len(model.classes), blend=model.blend, on_window=told.on_window
            )
            for first, probabilities in watch.during("windows", slabs):
                if body is not None:
                    background_beside(probabilities, body.beside_in(*_place(plan, first, probabilities)))
                with watch("labels"), one_thread():
                    painter.add(first, probabilities)
                if observers:
                    with watch("observe"):
                        for observer in observers:
                            observer(probabilities)
    counts = tuple(int(count) for count in painter.counts)
    return Segmentation(painter.labels, volume.affine_ras, counts, len(plan.starts), plan.skipped, usual, watch)


def _body(model: SegmentationModel, options: Options, raw: Tensor) -> BodyMap | None:
    """Where the body is; None where everything is looked at."""
    return None if options.crop is Crop.NONE or model.air is None else find_body(raw, air=model.air)


def _plan(
    volume: Volume, model: SegmentationModel, options: Options, grid: NetworkGrid, body: BodyMap | None
) -> tuple[WindowPlan, int]:
    """The windows, and how many MONAI would lay over everything at the same overlap."""
    order = plane_order(volume.array, grid)

    def windows(box: Box) -> WindowPlan:
        lengths = [side.stop - side.start for side in box]
        size = model.window if model.fit_window is None else model.fit_window(lengths)
        return plan_windows(grid.shape, (size[0], size[1], size[2]), overlap=options.overlap, order=order, box=box)

    whole = windows(everything(grid.shape))
    if body is None:
        return whole, len(whole.starts)
    spacing = np.linalg.norm(grid.affine_ras[:3, :3], axis=0)
    box = body.box([int(np.ceil(options.margin_mm / spacing.min()))] * 3)
    return without_air(windows(box), body.touches), len(whole.starts)


def _place(plan: WindowPlan, first: int, slab: Tensor) -> tuple[Box, tuple[int, int, int]]:
    """The network voxels of a slab ``(C, n, a, b)``, and the order of its axes."""
    sides = list(plan.halo)
    sides[plan.order[0]] = slice(first, first + slab.shape[1])
    return (sides[0], sides[1], sides[2]), plan.order


@contextmanager
def _predictor(
    model: SegmentationModel, options: Options, *, channels: int, window: tuple[int, int, int]
) -> Iterator[Predict]:
    """The network as a function of one window."""
    precision = options.resolved()
    if options.backend is Backend.OPENVINO:
        with openvino_predictor(model, precision, shape=(1, channels, *window)) as elsewhere:
            yield elsewhere
        return

    def here(part: Tensor) -> Tensor:
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision is Precision.BF16):
            scores: Tensor = model.network(part)
        return scores

    yield here
