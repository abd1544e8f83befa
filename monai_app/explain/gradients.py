"""Integrated gradients, and gradient SHAP through Captum; of notes, on the layer that embeds the words.

Sundararajan, Taly, Yan, Axiomatic attribution for deep networks, ICML 2017; Lundberg and Lee, NeurIPS 2017.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from captum.attr import GradientShap
from torch import Tensor, nn

from monai_app.core.errors import InputRejected
from monai_app.core.random import scoped_library_seed
from monai_app.explain.attribution_map import SMALLEST_CHANGE, completeness_gap
from monai_app.explain.path_integral import Forward, Path
from monai_app.explain.rounding import ALIKE, PROBED, rounded, rounding_cosine, trunk_of
from monai_app.explain.scored import ScoredCase
from monai_app.explain.views import View
from monai_app.networks.encoders import BagNoteEncoder, NoteEncoder, PretrainedNoteEncoder

INTERNAL_BATCH = {"film": 4, "volume": 4, "series": 32, "table": 64, "note": 16}
"""Points of a path that are computed at once: it bounds the memory, whatever the number of steps."""

FIRST_STEPS, MOST_ROUNDED, MOST_STEPS = 12, 128, 512
"""Points of a path: at first, at most while further ones are rounded, and at most."""

TOLERANCE = 0.01
"""Completeness gap that ends the search for enough points."""

SHAP_SAMPLES = 64


@dataclass(frozen=True, eq=False)
class Attributed:
    """A map.

    Attributes:
        values: ``shape``.
        evaluations: forward passes that it took, those for comparison included.
        precision: what the gradients were computed in: ``fp32``, or ``fp32+bf16`` where further points were rounded.
        rounding_cosine: of a few gradients in bf16 with those in fp32; None where none were compared.
    """

    values: Tensor
    evaluations: int
    precision: str = "fp32"
    rounding_cosine: float | None = None


def integrated_gradients(case: ScoredCase, view: View, change: float, *, steps: int | None = None) -> Attributed:
    """The path integral from the baseline; points are added until the gap is below :data:`TOLERANCE`.

    The first points are exact. Where they are not enough, the convolutions of further ones compute in bf16, if that
    gives the same gradients (:mod:`monai_app.explain.rounding`).

    Args:
        change: score of the case minus score of the baseline.
        steps: exactly so many points instead, evenly spread.

    Raises:
        InputRejected: ``NOT_DIFFERENTIABLE``.
    """
    forward, x, away = _path_of(case, view)
    path = Path(forward, away, x, batch=INTERNAL_BATCH[view.name])
    cosine, spent, precision = None, 0, "fp32"
    with gradients_or_refusal():
        path.visit(np.linspace(0, 1, FIRST_STEPS if steps is None else max(2, steps)))
        if steps is None and not _closed(path, change):
            trunk = trunk_of(case.encoder(view.name))
            cosine = rounding_cosine(trunk, path)
            spent = 0 if cosine is None else len(PROBED)
            if trunk is not None and cosine is not None and cosine >= ALIKE:
                with rounded(trunk):
                    _refine(path, change, MOST_ROUNDED)
                precision = "fp32+bf16"
            _refine(path, change, MOST_STEPS)
    return Attributed(of_places(path.integral(), view), spent + len(path.places), precision, cosine)


def _closed(path: Path, change: float) -> bool:
    return not completeness_gap(path.total(), change) >= TOLERANCE


def _refine(path: Path, change: float, most: int) -> None:
    """Add points until the map adds up to the change, or cannot."""
    enough = TOLERANCE * max(abs(change), SMALLEST_CHANGE) / 2
    while not _closed(path, change):
        if not path.refine(enough, min(most, path.most) - len(path.places)):
            return


def gradient_shap(case: ScoredCase, view: View, *, samples: int = SHAP_SAMPLES, seed: int = 0) -> Attributed:
    """Expected gradients at random points between the baseline and the case.

    Raises:
        InputRejected: ``NOT_DIFFERENTIABLE``.
    """
    forward, x, away = _path_of(case, view)
    done, total = 0, torch.zeros(())
    with gradients_or_refusal(), scoped_library_seed(seed, "gradient shap", view.name):
        while done < samples:
            part = min(INTERNAL_BATCH[view.name], samples - done)
            found = GradientShap(forward).attribute(x, baselines=away, n_samples=part, stdevs=0.0)
            total = total + of_places(found, view) * (part / samples)
            done += part
    return Attributed(total, samples)


def _path_of(case: ScoredCase, view: View) -> tuple[Forward, Tensor, Tensor]:
    """The score as a function of what is continuous, and its value at the case and at the baseline."""
    return _of_embeddings(case, view) if view.name == "note" else _of_values(case, view)


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
