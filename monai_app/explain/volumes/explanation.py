"""The one call for volumes: a network, a volume and a label or a structure -> a map of every sequence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.cohort.volume_targets import ClassificationSpec
from monai_app.core.errors import InputRejected
from monai_app.explain.ablation import occlusion_stride
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.believability import Believability, map_believability
from monai_app.explain.methods import Method, attribute
from monai_app.explain.prepared import prepared, refuse_training
from monai_app.explain.stability import randomised
from monai_app.explain.target import Target, find_target
from monai_app.explain.volumes.baseline import Baseline
from monai_app.explain.volumes.case import VOLUME, VolumeCase
from monai_app.explain.volumes.seen import Bools, SeenVolume
from monai_app.explain.volumes.structure import (
    FoundStructure,
    ScoredOver,
    StructureScore,
    find_structure,
    padded_like,
    structure_target,
)

WHOLE = 0.995
"""Share of a structure in the window from which on it counts as all of it."""

CLASSIFIER_LAYER = "feature_map"
"""Of :class:`monai_app.networks.volume.VolumeClassifier`: what Grad-CAM weighs."""


@dataclass(frozen=True, eq=False)
class VolumeExplanation:
    """What a prediction about a volume rests on.

    Attributes:
        target: the label or structure.
        method: how the maps were made.
        cases: by sequence, open for further questions.
        maps: by sequence, ``(I, J, K)`` on the grid of ``seen``.
        seen: what was explained: the volume, or a window of it.
        resolution: finest detail that the method can show.
        structure: where the structure is; None for a classification.
        regions: known regions on the grid of ``seen``, by name.
        absent: known regions that were looked for and of which ``seen`` shows nothing.
    """

    target: Target
    method: Method
    cases: dict[str, VolumeCase]
    maps: dict[str, AttributionMap]
    seen: SeenVolume
    resolution: str
    structure: FoundStructure | None
    regions: dict[str, Bools]
    absent: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The explained number."""
        return next(iter(self.cases.values())).score

    @property
    def computed_at(self) -> str:
        """On which grid, and on how much of the volume, the maps were computed."""
        seen = self.seen
        mm = " × ".join(f"{step:.3g}" for step in seen.spacing_mm)
        sides = " × ".join(map(str, seen.shape))
        extent = " × ".join(f"{count * step:.0f}" for count, step in zip(seen.shape, seen.spacing_mm, strict=True))
        if self.structure is None:
            return f"{mm} mm, {sides} voxels ({extent} mm): the network's own grid and crop"
        whole = seen.shape == self.structure.whole.shape
        what = "the whole volume" if whole else "one window around the structure"
        return f"{mm} mm, {what}: {sides} voxels ({extent} mm) with {self.structure.share:.0%} of the structure"

    @property
    def warnings(self) -> tuple[str, ...]:
        """All that a reader must know."""
        found = [f"{name}: {text}" for name, made in self.maps.items() for text in made.warnings]
        if self.structure is not None and self.structure.scored_over is ScoredOver.REFERENCE:
            found.insert(0, f"The score is a mean over {ScoredOver.REFERENCE.value}.")
        if self.structure is not None and self.structure.share < WHOLE:
            found.append(f"Only {self.structure.share:.0%} of the structure lies in the window; the rest has no map.")
        found += self._baseline_warnings()
        found += [f"The label map has no {name} in what was explained: not scored against it." for name in self.absent]
        return tuple(found)

    def _baseline_warnings(self) -> list[str]:
        """Where what the image is compared with has the label itself."""
        (made, *others), target = self.maps.values(), self.target
        if others or not target.is_probability or min(made.score, made.baseline_score) <= 0:
            return []
        return [
            f"What the image is compared with is itself given a probability of {target.shown(made.baseline_score):.2f}:"
            " the map shows what makes the label more or less certain, not all that it rests on."
        ]


def explain_volume(
    network: nn.Module,
    spec: SegmentationSpec | ClassificationSpec,
    seen: SeenVolume,
    label: str,
    *,
    method: Method = Method.INTEGRATED_GRADIENTS,
    feature_layer: str | None = None,
    regions: Mapping[str, Bools] | None = None,
    baseline: Baseline | None = None,
    air: float | None = None,
) -> VolumeExplanation:
    """Explain a classification of a volume, or the segmentation of one structure.

    Args:
        network: in evaluation mode.
        spec: what it was built for.
        seen: the volume as it gets it.
        label: ``task`` or ``task/class`` of a classification; a structure of a segmentation.
        feature_layer: of a segmentation network, for Grad-CAM.
        regions: known regions ``(I, J, K)`` by name. A structure that the model did not find is scored over its region.
        baseline: what removed voxels are replaced by; None takes the median for a classification, blur for a structure.
        air: of a segmentation, see :func:`find_structure`.

    Raises:
        InputRejected: ``EXPLAIN_UNSUPPORTED``, ``TRAIN_MODE``, ``LABEL_UNKNOWN``, ``STRUCTURE_NOT_FOUND``,
            ``SEQUENCES_MISMATCH``, ``GRADIENT_NOT_FINITE``, ``NOT_DIFFERENTIABLE``, ``NO_FEATURE_MAP``.
    """
    refuse_training(network)
    names = _sequences(spec, seen)
    known = dict(regions or {})
    structure: FoundStructure | None = None
    with prepared(network):
        if isinstance(spec, SegmentationSpec):
            target = structure_target(spec, label)
            structure = find_structure(network, spec, seen, target, known.get(target.name), air)
            part, layer = structure.seen, feature_layer
            head: Any = StructureScore(target.index, torch.from_numpy(structure.over).to(seen.image.device))
            known = {name: _in_window(mask, seen, structure) for name, mask in known.items()}
        else:
            target, part, layer = find_target(spec, label), seen, CLASSIFIER_LAYER
            head = _LabelScore(target)
        away = baseline or (Baseline.MEDIAN if structure is None else Baseline.BLUR)
        cases = {
            name: VolumeCase(network, target, part, head, channel, name, layer, away)
            for channel, name in enumerate(names)
        }
        maps = {name: _inside(attribute(case, case.view(VOLUME), method), part) for name, case in cases.items()}
    shown = {name: mask for name, mask in known.items() if mask.any()}
    detail = _resolution(method, next(iter(cases.values())))
    return VolumeExplanation(
        target, method, cases, maps, part, detail, structure, shown, tuple(set(known) - set(shown))
    )


def volume_believability(explanation: VolumeExplanation, *, seed: int = 0) -> dict[str, Believability]:
    """Score the map of every sequence, as those of films are.

    Args:
        seed: of random orders, removals, nearby inputs and random weights.

    Raises:
        InputRejected: ``REGION_EMPTY`` for a region that is all of the volume.
    """
    network = next(iter(explanation.cases.values())).network
    with torch.no_grad():  # DynUNet keeps its last deep outputs, and what has a graph cannot be copied
        network(explanation.seen.image[None])
    twin = randomised(network, seed=seed)
    with prepared(network), prepared(twin):
        return {
            name: map_believability(
                case, replace(case, network=twin), explanation.maps[name], explanation.method, explanation.regions, seed
            )
            for name, case in explanation.cases.items()
        }


@dataclass(frozen=True)
class _LabelScore:
    """The label's score ``(n,)`` of a classifier's output."""

    target: Target

    def __call__(self, output: Any) -> Tensor:
        return self.target.score(output.logits)


def _resolution(method: Method, case: VolumeCase) -> str:
    spacing, layer = case.seen.spacing_mm, case.feature_map(VOLUME)
    if method is Method.OCCLUSION:
        width = 2 * occlusion_stride(case.view(VOLUME))
        return f"windows of {' × '.join(f'{width * step:.0f}' for step in spacing)} mm"
    if method is not Method.GRAD_CAM or layer is None:
        return "single voxels"
    cells: list[tuple[int, ...]] = []
    with (
        layer.register_forward_hook(lambda _module, _given, made: cells.append(tuple(made.shape[2:]))),
        torch.no_grad(),
    ):
        case.network(case.seen.image[None])
    sides = [have * step / count for have, step, count in zip(case.seen.shape, spacing, cells[0], strict=True)]
    return f"cells of {' × '.join(f'{side:.0f}' for side in sides)} mm"


def _sequences(spec: SegmentationSpec | ClassificationSpec, seen: SeenVolume) -> tuple[str, ...]:
    names = spec.sequences if isinstance(spec, SegmentationSpec) else (spec.modality,)
    if len(names) != len(seen.image):
        raise InputRejected(
            "SEQUENCES_MISMATCH",
            "the network takes another number of sequences",
            got=f"{len(seen.image)}",
            expected=f"{len(names)}: {', '.join(names)}",
            remedy="Give one image a sequence, in this order.",
        )
    return names


def _in_window(mask: Bools, seen: SeenVolume, structure: FoundStructure) -> Bools:
    """A region of the whole volume within the window."""
    padded = padded_like(mask, seen, structure.whole)
    step = np.linalg.solve(structure.whole.affine_ras, structure.seen.affine_ras)[:3, 3].round().astype(int)
    return padded[tuple(slice(int(s), int(s) + n) for s, n in zip(step, structure.seen.shape, strict=True))]


def _inside(made: AttributionMap, seen: SeenVolume) -> AttributionMap:
    """Nothing is attributed to padding."""
    return made if seen.inside is None else replace(made, values=np.where(seen.inside, made.values, np.float32(0)))
