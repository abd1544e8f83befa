"""Integrated gradients and gradient SHAP, through Captum; of notes, on the layer that embeds the words.

Sundararajan, Taly, Yan, Axiomatic attribution for deep networks, ICML 2017; Lundberg and Lee, NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from captum.attr import GradientShap, IntegratedGradients, LayerIntegratedGradients
from torch import Tensor, nn

from monai_app.core.errors import InputRejected
from monai_app.core.random import scoped_library_seed
from monai_app.explain.attribution_map import completeness_gap
from monai_app.explain.scored import ScoredCase
from monai_app.explain.views import View
from monai_app.networks.encoders import BagNoteEncoder, NoteEncoder, PretrainedNoteEncoder

INTERNAL_BATCH = {"film": 8, "volume": 4, "series": 32, "table": 64, "note": 16}
"""Points of a path that are computed at once: it bounds the memory, whatever the number of steps."""

FIRST_STEPS, MOST_STEPS = 32, 512
TOLERANCE = 0.01
"""Completeness gap that ends the search for enough steps."""

SHAP_SAMPLES = 64

Forward = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Attributed:
    """Values ``shape`` of a map, and the forward passes that they took."""

    values: Tensor
    evaluations: int


def integrated_gradients(case: ScoredCase, view: View, change: float, *, steps: int | None = None) -> Attributed:
    """The path integral from the baseline; steps are doubled until the gap is below :data:`TOLERANCE`.

    Args:
        change: score of the case minus score of the baseline.
        steps: exactly so many instead.

    Raises:
        InputRejected: ``NOT_DIFFERENTIABLE``.
    """
    count, spent = steps or FIRST_STEPS, 0
    while True:
        values = _integrated(case, view, count)
        spent += count
        found = completeness_gap(float(values.double().sum()), change)
        if steps is not None or count >= MOST_STEPS or not found >= TOLERANCE:
            return Attributed(values, spent)
        count *= 2


def _integrated(case: ScoredCase, view: View, steps: int) -> Tensor:
    batch = INTERNAL_BATCH[view.name]
    with gradients_or_refusal():
        if view.name == "note":
            method = LayerIntegratedGradients(case.scorer("note"), embedding(case.encoder("note")))
            found = method.attribute(view.original, baselines=view.baseline, n_steps=steps, internal_batch_size=batch)
        else:
            forward, x, away = _of_values(case, view)
            found = IntegratedGradients(forward).attribute(x, baselines=away, n_steps=steps, internal_batch_size=batch)
    return of_places(found, view)


def gradient_shap(case: ScoredCase, view: View, *, samples: int = SHAP_SAMPLES, seed: int = 0) -> Attributed:
    """Expected gradients at random points between the baseline and the case.

    Raises:
        InputRejected: ``NOT_DIFFERENTIABLE``.
    """
    forward, x, away = _of_embeddings(case, view) if view.name == "note" else _of_values(case, view)
    done, total = 0, torch.zeros(())
    with gradients_or_refusal(), scoped_library_seed(seed, "gradient shap", view.name):
        while done < samples:
            part = min(INTERNAL_BATCH[view.name], samples - done)
            found = GradientShap(forward).attribute(x, baselines=away, n_samples=part, stdevs=0.0)
            total = total + of_places(found, view) * (part / samples)
            done += part
    return Attributed(total, samples)


def _of_values(case: ScoredCase, view: View) -> tuple[Forward, Tensor, Tensor]:
    score = case.scorer(view.name)
    return lambda x: score(view.assemble(x)), view.original, view.baseline


def _of_embeddings(case: ScoredCase, view: View) -> tuple[Forward, Tensor, Tensor]:
    """The score as a function of the embedded note, and the embedded note and baseline."""
    layer, score = embedding(case.encoder("note")), case.scorer("note")

    def forward(embedded: Tensor) -> Tensor:
        hook = layer.register_forward_hook(lambda *_: embedded)
        try:
            return score(view.original.expand(len(embedded), -1))
        finally:
            hook.remove()

    with torch.no_grad():
        return forward, layer(view.original), layer(view.baseline)


def embedding(encoder: nn.Module) -> nn.Module:
    """The layer at which words become numbers.

    Raises:
        InputRejected: ``NO_EMBEDDING``.
    """
    if isinstance(encoder, NoteEncoder):
        return encoder.embed
    if isinstance(encoder, BagNoteEncoder):
        return encoder.seen
    if isinstance(encoder, PretrainedNoteEncoder):
        layer: nn.Module = encoder.model.get_input_embeddings()
        return layer
    raise InputRejected(
        "NO_EMBEDDING",
        "the note encoder has no known embedding layer",
        got=type(encoder).__name__,
        remedy="Use occlusion, which needs no gradients.",
    )


def of_places(found: Tensor | tuple[Tensor, ...], view: View) -> Tensor:
    """Values ``shape`` of what Captum gives: features of an embedding are added up."""
    value = found[0] if isinstance(found, tuple) else found
    summed = value.detach().flatten(1 + len(view.shape)).sum(dim=-1) if value.ndim > 1 + len(view.shape) else value
    return summed[0].detach().float()


@contextmanager
def gradients_or_refusal() -> Iterator[None]:
    """Turn torch's complaint about an operation without a gradient into a typed refusal.

    Raises:
        InputRejected: ``NOT_DIFFERENTIABLE``.
    """
    try:
        yield
    except RuntimeError as error:
        if not any(sign in str(error) for sign in _NO_GRADIENT):
            raise
        raise InputRejected(
            "NOT_DIFFERENTIABLE",
            "no gradient runs through this model: an operation works in place or has none",
            got="a RuntimeError of autograd",
            remedy="Use occlusion, which needs no gradients.",
        ) from error


_NO_GRADIENT = ("in-place", "inplace", "does not require grad", "not have been used in the graph", "modified by")
