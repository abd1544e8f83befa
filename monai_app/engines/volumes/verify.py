"""Verification of a segmentation bundle: its workflows on balls in noise, and its network's input and output."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import nn

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.core.loading import read_json
from monai_app.core.random import torch_generator
from monai_app.engines.bundle import Workflow, known_settings, open_workflow, typed_errors, workflows
from monai_app.engines.model_folder import write_model
from monai_app.phantom.balls import write_balls

_SIDE_VOXELS = 24
"""Length of a ball volume along each axis, on the network's grid."""


def segments_volumes(bundle: Path) -> bool:
    """Whether a bundle reads a data list and names structures."""
    return {"datalist", "structures"} <= known_settings(bundle, Workflow.TRAIN)


def volume_workflow_checks(bundle: Path, overlays: Sequence[str], scratch: Path) -> Iterator[tuple[str, list[str]]]:
    """Name and faults of each check: properties of the workflows, network in and out.

    Args:
        overlays: of the system and of what makes it small.
        scratch: an empty folder.
    """
    settings: dict[str, Any] = {"output_dir": str(scratch / "model"), "model_dir": str(scratch / "model")}
    spec = open_workflow(bundle, Workflow.TRAIN, overlays=overlays).parser.get_parsed_content("spec")
    settings["datalist"] = str(balls_for(spec, scratch / "data"))
    training = open_workflow(bundle, Workflow.TRAIN, overlays=overlays, settings=settings)
    with typed_errors():
        yield "properties of train", list(training.check_properties() or ())
        network = training.parser.get_parsed_content("network")
    formats = read_json(bundle / "configs" / "metadata.json")["network_data_format"]
    yield "network in and out", list(segmentation_faults(network, spec, formats))
    write_model(scratch / "model", network, spec)
    for workflow in workflows(bundle)[1:]:
        opened = open_workflow(bundle, workflow, overlays=overlays, settings=settings)
        with typed_errors():
            yield f"properties of {workflow.value}", list(opened.check_properties() or ())


def balls_for(spec: SegmentationSpec, folder: Path, volumes: tuple[int, int, int] = (2, 1, 1)) -> Path:
    """The data list of balls with a spec's sequences, structures and spacing."""
    spacing = spec.spacing_mm or (1.0, 1.0, 1.0)
    return write_balls(
        folder,
        sequences=spec.sequences,
        structures=len(spec.structures),
        volumes=volumes,
        shape=(_SIDE_VOXELS,) * 3,
        spacing_mm=spacing,
    )


def segmentation_faults(network: nn.Module, spec: SegmentationSpec, formats: Mapping[str, Any]) -> Iterator[str]:
    """What differs between ``network_data_format`` of metadata.json and the network: one sentence a difference.

    Channels are those of the shipped model; a spec with others (an overlay of sequences) is held to its own.
    """
    told_in, told_out = formats["inputs"]["image"], formats["outputs"]["pred"]
    if set(formats["inputs"]) != {"image"}:
        yield f"metadata describes the inputs {sorted(formats['inputs'])}, expected image"
    if len(told_in["spatial_shape"]) != len(spec.patch) or len(told_out["spatial_shape"]) != len(spec.patch):
        yield f"metadata has {len(told_in['spatial_shape'])} axes, the network {len(spec.patch)}"
    names = {str(number): name for number, name in enumerate(("background", *spec.structures))}
    if len(told_out["channel_def"]) == spec.out_channels and told_out["channel_def"] != names:
        yield f"metadata names the outputs {list(told_out['channel_def'].values())}, the spec {list(names.values())}"
    generator = torch_generator("volume network check")
    image = torch.randn(1, spec.in_channels, *spec.patch, generator=generator)
    with torch.no_grad():
        scores = network.eval()(image)
    if scores.shape != (1, spec.out_channels, *spec.patch):
        yield f"the network gives {list(scores.shape)}, expected {[1, spec.out_channels, *spec.patch]}"
    if not torch.isfinite(scores).all():
        yield "the network gives scores that are not finite"
