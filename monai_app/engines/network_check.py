"""Does a network take and give what metadata.json says? MONAI's own check knows a single image input only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from monai_app.cohort.spec import Modality, ModelSpec
from monai_app.core.random import torch_generator
from monai_app.losses.outputs import scores

_BATCH = 2
_DTYPES = {"float32": torch.float32, "int64": torch.int64}
_ANY = "*"


def input_shapes(spec: ModelSpec) -> dict[str, tuple[int, ...]]:
    """The shape of one sample of every modality of a spec."""
    modalities = spec.modalities
    shapes: dict[str, tuple[int, ...]] = {}
    if modalities.film is not None:
        shapes["film"] = (1, modalities.film.size_px, modalities.film.size_px)
    if modalities.series is not None:
        shapes["series"] = (3, modalities.series.steps, len(modalities.series.channels))
    if modalities.table is not None:
        shapes["table"] = (2, len(modalities.table.columns))
    if modalities.note is not None:
        shapes["note"] = (1, modalities.note.max_tokens)
    return shapes


def network_faults(network: nn.Module, spec: ModelSpec, formats: Mapping[str, Any]) -> list[str]:
    """What differs between ``network_data_format`` of metadata.json and the network.

    Args:
        formats: ``inputs`` by modality and ``outputs`` with ``pred``.

    Returns:
        One sentence a difference; empty when the network runs on random inputs with every modality present, and with
        each alone, and gives finite scores in the stated range.
    """
    shapes = input_shapes(spec)
    faults = [f"metadata does not describe the input {name}" for name in shapes if name not in formats["inputs"]]
    known = {modality.value for modality in Modality}
    faults += [
        f"metadata describes an input {name} that no network has" for name in formats["inputs"] if name not in known
    ]
    for name in shapes.keys() & formats["inputs"].keys():
        faults += _shape_faults(name, shapes[name], formats["inputs"][name])
    if faults:
        return faults
    inputs = {name: _random_input(name, shape, formats["inputs"][name]) for name, shape in shapes.items()}
    network.eval()
    for present in [set(shapes), *({name} for name in shapes)]:
        bits = {f"{name}_present": torch.full((_BATCH,), name in present) for name in shapes}
        faults += _output_faults(network, spec, {**inputs, **bits}, formats["outputs"]["pred"])
    return faults


def _shape_faults(name: str, shape: tuple[int, ...], told: Mapping[str, Any]) -> Iterator[str]:
    expected = (told["num_channels"], *told["spatial_shape"])
    if len(expected) != len(shape) or any(a not in (b, _ANY) for a, b in zip(expected, shape, strict=True)):
        yield f"input {name}: metadata says {list(expected)}, the network's spec {list(shape)}"
    if told["dtype"] not in _DTYPES:
        yield f"input {name}: metadata says dtype {told['dtype']}, expected one of {sorted(_DTYPES)}"


def _random_input(name: str, shape: tuple[int, ...], told: Mapping[str, Any]) -> Tensor:
    generator = torch_generator("network check", name)
    low, high = told["value_range"]
    if _DTYPES[told["dtype"]] is torch.int64:
        ids = torch.randint(int(low), int(high) + 1, (_BATCH, *shape), generator=generator)
        return ids.reshape(_BATCH, -1)
    return torch.rand(_BATCH, *shape, generator=generator) * (high - low) + low


def _output_faults(
    network: nn.Module, spec: ModelSpec, inputs: Mapping[str, Tensor], told: Mapping[str, Any]
) -> Iterator[str]:
    present = ", ".join(
        key.removesuffix("_present") for key, bits in inputs.items() if "_present" in key and bits.all()
    )
    try:
        with torch.no_grad():
            output = network(inputs)
    except (RuntimeError, ValueError, IndexError) as error:
        yield f"with {present}: the network fails with {type(error).__name__}"
        return
    for task in spec.tasks:
        score = scores(task, output.logits[task.name])
        if score.shape != (_BATCH, task.outputs):
            yield f"with {present}: task {task.name} gives {list(score.shape)}, expected {[_BATCH, task.outputs]}"
        if str(score.dtype) != f"torch.{told['dtype']}":
            yield f"with {present}: task {task.name} gives {score.dtype}, metadata says {told['dtype']}"
        if not torch.isfinite(score).all():
            yield f"with {present}: task {task.name} gives scores that are not finite"
