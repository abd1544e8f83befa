"""Archives of arrays: they come back as they were, and hold no objects."""

from __future__ import annotations

import io

import numpy as np
import pytest

from monai_app.core.arrays import archive


def test_arrays_come_back_as_they_were() -> None:
    arrays = {"images": np.random.default_rng(0).random((2, 3)).astype(np.float32), "rows": np.arange(2)}
    stored = np.load(io.BytesIO(archive(arrays)))
    assert all(
        np.array_equal(stored[name], array) and stored[name].dtype == array.dtype for name, array in arrays.items()
    )


def test_objects_are_refused() -> None:
    with pytest.raises(ValueError, match="allow_pickle"):
        archive({"a": np.array([{}], dtype=object)})
