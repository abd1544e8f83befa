"""Display: equal to pydicom's functions where it has them; the tables of PS3.3 C.11."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.pixels.processing import apply_windowing

from monai_app.core.errors import InputRejected
from monai_app.dicom.display import build_display

CODES = np.arange(0, 4096, 7, dtype=np.uint16)


def header(**elements: Any) -> pydicom.Dataset:
    """A header with the display elements given."""
    dataset = pydicom.Dataset()
    dataset.PhotometricInterpretation, dataset.BitsStored, dataset.PixelRepresentation = "MONOCHROME2", 12, 0
    for name, value in elements.items():
        setattr(dataset, name, value)
    return dataset


def lut(entries: list[int], *, first: int, bits: int) -> pydicom.Sequence:
    """A LUT sequence."""
    item = pydicom.Dataset()
    item.add_new("LUTDescriptor", "US" if first >= 0 else "SS", [len(entries), first, bits])
    item.add_new("LUTData", "US", entries)
    return pydicom.Sequence([item])


def shown(dataset: pydicom.Dataset, stored: np.ndarray = CODES) -> np.ndarray:
    return build_display(dataset, bits=12, signed=False, extremes=lambda: (0, 4095))(stored)


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("window", [(2047.5, 4095), (1000, 333), (3001.25, 50.5)])
def test_windows_equal_pydicom(function: str, window: tuple[float, float]) -> None:
    dataset = header(WindowCenter=window[0], WindowWidth=window[1], VOILUTFunction=function)
    np.testing.assert_allclose(shown(dataset), apply_windowing(CODES, dataset) / 4095, atol=2e-6)


def test_window_is_in_rescaled_units() -> None:
    plain = shown(header(WindowCenter=1000, WindowWidth=400, VOILUTFunction="LINEAR_EXACT"))
    scaled = header(
        RescaleSlope=2, RescaleIntercept=-100, WindowCenter=1900, WindowWidth=800, VOILUTFunction="LINEAR_EXACT"
    )
    np.testing.assert_allclose(shown(scaled), plain, atol=1e-6)


def test_negative_slope_inverts_and_without_window_the_range_is_used() -> None:
    np.testing.assert_allclose(shown(header(RescaleSlope=-0.5, RescaleIntercept=9)), 1 - shown(header()), atol=1e-6)
    np.testing.assert_allclose(shown(header()), CODES / 4095, atol=1e-6)


def test_first_of_several_windows_counts() -> None:
    many = header(WindowCenter=[1000, 2000], WindowWidth=[400, 10])
    np.testing.assert_array_equal(shown(many), shown(header(WindowCenter=1000, WindowWidth=400)))


def test_voi_lut_is_looked_up_and_held_at_its_ends() -> None:
    dataset = header(VOILUTSequence=lut([0, 100, 1023], first=10, bits=10))
    got = shown(dataset, np.array([0, 10, 11, 12, 4095], np.uint16))
    np.testing.assert_allclose(got, np.array([0, 0, 100, 1023, 1023]) / 1023, atol=1e-6)


def test_modality_lut_comes_before_the_window() -> None:
    entries = (np.arange(4096) // 2).tolist()
    dataset = header(ModalityLUTSequence=lut(entries, first=0, bits=16), WindowCenter=500, WindowWidth=201)
    halved = shown(header(WindowCenter=500, WindowWidth=201), CODES // 2)
    np.testing.assert_allclose(shown(dataset), halved, atol=1e-6)


def test_signed_stored_values_index_the_table_from_their_least() -> None:
    dataset = header(WindowCenter=0, WindowWidth=100, VOILUTFunction="SIGMOID")
    display = build_display(dataset, bits=12, signed=True, extremes=lambda: (-2048, 2047))
    np.testing.assert_allclose(display(np.array([-2048, 0, 2047], np.int16)), [0, 0.5, 1], atol=1e-6)


@pytest.mark.parametrize("bits", [7, 17])
def test_malformed_lut_is_rejected(bits: int) -> None:
    with pytest.raises(InputRejected, match="VOI_INVALID"):
        shown(header(VOILUTSequence=lut([0, 1], first=0, bits=bits)))
    with pytest.raises(InputRejected, match="VOI_INVALID"):
        shown(header(VOILUTSequence=pydicom.Sequence([pydicom.Dataset()])))
    with pytest.raises(InputRejected, match="VOI_INVALID"):
        shown(header(VOILUTSequence=lut([0, 2000], first=0, bits=10)))
