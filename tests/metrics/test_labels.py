from __future__ import annotations

import numpy as np
import pytest

from monai_app.core.errors import AppError
from monai_app.metrics.labels import labelled


def test_nan_is_unlabelled():
    assert labelled(np.array([0, np.nan, 1.0]), np.zeros(3)).tolist() == [True, False, True]
    assert labelled(np.array([[0, 1], [np.nan, 1.0]]), np.zeros((2, 4))).tolist() == [True, False]


def test_score_that_is_not_finite_is_refused_only_where_labelled():
    with pytest.raises(AppError, match=r"SCORE_NOT_FINITE.*1 of 2"):
        labelled(np.array([0.0, 1.0]), np.array([0.1, np.nan]))
    assert labelled(np.array([0.0, np.nan]), np.array([0.1, np.nan])).sum() == 1


def test_other_samples_are_refused():
    with pytest.raises(AppError, match="SHAPE_MISMATCH"):
        labelled(np.zeros(3), np.zeros(2))
