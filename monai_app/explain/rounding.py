"""Whether the gradients of an image may be computed in bf16: on this processor, of this network, for this case.

Only the convolutions are rounded, which take nearly all the time; pooling, fusion and score stay in float32. Gradients
near a blurred film are the hard ones: where all is flat, rounding decides which rectifier is open.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from monai_app.core.processor import has_bf16
from monai_app.explain.path_integral import Path
from monai_app.networks.encoders import FilmEncoder
from monai_app.networks.volume import VolumeClassifier

ALIKE = 0.98
"""Cosine of rounded and exact attributions from which on rounding is allowed."""

PROBED = np.array([0.25, 0.75])
"""Parts of the way near which both are compared: a harder test than that of the whole map, whose errors average."""


def trunk_of(encoder: nn.Module) -> nn.Module | None:
    """The convolutions of an encoder; None where it has none worth rounding."""
    if isinstance(encoder, FilmEncoder):
        return encoder.features
    return encoder.trunk if isinstance(encoder, VolumeClassifier) else None


@contextmanager
def rounded(trunk: nn.Module) -> Iterator[None]:
    """The trunk computes in bf16 and gives float32; it is left as it was found."""
    exact = trunk.forward

    def forward(x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, dtype=torch.bfloat16):
            found: Tensor = exact(x)
        return found.float()

    trunk.forward = forward  # type: ignore[method-assign]
    try:
        yield
    finally:
        del trunk.forward


def rounding_cosine(trunk: nn.Module | None, path: Path) -> float | None:
    """Cosine of the attributions of both precisions near :data:`PROBED`; None where nothing can be rounded.

    Args:
        path: with exact gradients, of which the nearest are compared; it is left as it is.
    """
    if trunk is None or not has_bf16(path.way.device):
        return None
    near = np.unique(np.abs(path.places[:, None] - PROBED).argmin(axis=0))
    other = Path(path.forward, path.away, path.away + path.way, batch=path.batch)
    with rounded(trunk):
        other.visit(path.places[near])
    exact = sum(path.gradients[place].double() for place in near.tolist()) * path.way[0]
    approximate = sum(gradient.double() for gradient in other.gradients) * path.way[0]
    return float(torch.nn.functional.cosine_similarity(exact.flatten(), approximate.flatten(), dim=0))
