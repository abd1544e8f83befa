"""Rescaling, rounded once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian

from monai_app.dicom.series_options import Precision
from monai_app.dicom.series_pixels import read_pixels, rescale
from monai_app.dicom.slice_header import read_slice_headers
from monai_app.dicom.stored import stored_values
from tests.faults.series import ct, ramp, write

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


@pytest.mark.parametrize("precision", Precision)
def test_slices_read_into_one_memory_are_those_read_alone(tmp_path: Path, precision: Precision) -> None:
    paths = write(tmp_path, ct())
    slices = [one for path in paths for one in read_slice_headers(path)]
    together, _ = read_pixels(slices, precision=precision)
    for index, one in enumerate(slices):
        alone = stored_values(one.path, one.dataset, pixels_at=one.pixels_at)
        assert np.array_equal(together[index], alone.astype(np.int64) - 1024)


def test_big_endian_values_are_turned(tmp_path: Path) -> None:
    slices = ct()
    for one in slices:
        one.PixelData = np.frombuffer(one.PixelData, "<u2").astype(">u2").tobytes()
        one.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    paths = []
    for index, one in enumerate(slices):
        paths.append(tmp_path / str(index))
        pydicom.dcmwrite(paths[-1], one, little_endian=False, implicit_vr=False, enforce_file_format=True)
    headers = [one for path in paths for one in read_slice_headers(path)]
    for precision in Precision:
        assert np.array_equal(read_pixels(headers, precision=precision)[0], ramp())
