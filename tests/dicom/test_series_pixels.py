"""Rescaling, rounded once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monai_app.dicom.series_pixels import rescale

ALL = {
    kind: np.arange(np.iinfo(kind).min, np.iinfo(kind).max + 1).astype(kind) for kind in (np.int16, np.uint16, np.uint8)
}


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from([np.int16, np.uint16, np.uint8]),
    slope=st.one_of(st.integers(-300, 300), st.floats(-1e6, 1e6)),
    intercept=st.one_of(st.integers(-(10**7), 10**7), st.floats(-1e6, 1e6)),
)
def test_every_stored_value_is_the_nearest_float32(kind: type, slope: float, intercept: float) -> None:
    out = np.empty(ALL[kind].shape, np.float32)
    rescale(ALL[kind], slope, intercept, out=out)
    assert np.array_equal(out, (ALL[kind].astype(np.float64) * slope + intercept).astype(np.float32))


@pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (1, 0), (2, 3), (0.5, 0), (1, 0.25)])
def test_stored_values_are_left_as_they_are(slope: float, intercept: float) -> None:
    stored = np.arange(12, dtype=np.uint16).reshape(3, 4)
    before = stored.copy()
    rescale(stored, slope, intercept, out=np.empty((3, 4), np.float32))
    assert np.array_equal(stored, before)
