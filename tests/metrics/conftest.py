"""Small label and score vectors with ties, one class, holes."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.random import numpy_generator


@pytest.fixture
def tied() -> tuple[np.ndarray, np.ndarray]:
    """300 labels and scores rounded to one decimal, so that ties abound."""
    random = numpy_generator("tests/metrics")
    label = (random.random(300) < 0.3).astype(float)
    score = np.clip(np.round(random.random(300) * 0.6 + 0.3 * label, 1), 0, 1)
    return label, score
