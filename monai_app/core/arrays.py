"""Arrays as the bytes of one compressed archive, to be written atomically."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt


def archive(arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """An ``.npz`` of named arrays; objects, which only pickle could hold, are refused.

    Raises:
        ValueError: an array of objects.
    """
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **dict(arrays))
    return stream.getvalue()
