"""Whether the gradients of an image may be computed in bf16: on this processor, of this network, for this case.

Only the convolutions are rounded, which take nearly all the time; pooling, fusion and score stay in float32.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import Tensor, nn

from monai_app.core.processor import has_bf16
from monai_app.explain.path_integral import Forward, Path
from monai_app.networks.encoders import FilmEncoder
from monai_app.networks.volume import VolumeClassifier

ALIKE = 0.98
"""Cosine of rounded and exact attributions from which on rounding is allowed."""

PROBED = np.array([0.25, 0.75])
"""Parts of the way at which both are compared."""


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


def rounding_cosine(trunk: nn.Module | None, forward: Forward, away: Tensor, x: Tensor) -> float | None:
    """Cosine of the attributions of both precisions, :data:`PROBED` on the way; None where nothing can be rounded."""
    if trunk is None or not has_bf16(x.device):
        return None
    maps = []
    for context in (None, rounded(trunk)):
        path = Path(forward, away, x, batch=len(PROBED))
        if context is None:
            path.visit(PROBED)
        else:
            with context:
                path.visit(PROBED)
        maps.append(path.integral(np.full(len(PROBED), 1 / len(PROBED))).flatten().double())
    return float(torch.nn.functional.cosine_similarity(maps[0], maps[1], dim=0))
