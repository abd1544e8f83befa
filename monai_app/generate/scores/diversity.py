"""How much images of a set differ: the mean multi-scale SSIM of random pairs, lower for more diverse sets."""

from __future__ import annotations

import numpy as np
import torch
from monai.metrics import MultiScaleSSIMMetric
from numpy.typing import NDArray

from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator

_WEIGHTS = (0.0448, 0.2856, 0.3001)
_KERNEL = 7
"""Pixels; three scales of it fit into images of 64 pixels, MONAI's five scales of 11 do not."""


def mean_similarity(images: NDArray[np.float32], *, pairs: int = 256, seed: int = 0) -> float:
    """Mean MS-SSIM over random pairs of different images ``(N, ...)`` in [0, 1].

    Raises:
        InputRejected: ``TOO_FEW_IMAGES``.
    """
    if len(images) < 2:
        raise InputRejected(
            "TOO_FEW_IMAGES", "diversity needs pairs", got=f"{len(images)} images", expected="2 or more"
        )
    generator = numpy_generator("diversity", seed)
    first = generator.integers(len(images), size=pairs)
    second = (first + 1 + generator.integers(len(images) - 1, size=pairs)) % len(images)
    metric = MultiScaleSSIMMetric(images.ndim - 1, kernel_size=_KERNEL, weights=[w / sum(_WEIGHTS) for w in _WEIGHTS])
    one, other = (torch.from_numpy(images[rows])[:, None] for rows in (first, second))
    similarity = metric(one, other)
    assert isinstance(similarity, torch.Tensor)
    return float(similarity.mean())
