"""Unit error: the conversions that hospitals confuse, on whole channels."""

from __future__ import annotations

import numpy as np
import pytest

from monai_app.cohort.spec import Channel, SeriesSpec
from monai_app.cohort.units import UCUM_CODES
from monai_app.transforms.corruption.unit_error import CONFUSED_WITH, UnitErrord, other_units
from tests.transforms.corruption.samples import CHANNELS, SERIES, corrupted, series

NAMES = [row[0] for row in CHANNELS]


def units(name: str) -> dict[str, tuple[float, float]]:
    found = other_units(SERIES.channels[NAMES.index(name)])
    return {unit: (slope, intercept) for unit, slope, intercept in found}


def test_glucose_in_moles_and_temperature_in_fahrenheit() -> None:
    assert units("glucose")["mmol/L"] == pytest.approx((1 / 18.0156, 0), rel=1e-4)
    assert units("temperature")["[degF]"] == pytest.approx((1.8, 32))


def test_every_table_entry_is_a_known_unit() -> None:
    assert {unit for pair in CONFUSED_WITH.items() for unit in (pair[0], *pair[1])} <= UCUM_CODES


def test_moles_need_a_known_substance() -> None:
    unknown = Channel(name="c_peptide", codes=("C",), unit="mg/dL")
    assert [unit for unit, _, _ in other_units(unknown)] == ["mg/L"]
    assert other_units(SERIES.channels[0]) == []


def test_named_channels_are_converted_and_others_kept() -> None:
    result, parameters = corrupted(UnitErrord("series", 3, series=SERIES))
    wrong = {entry["channel"]: entry for entry in parameters["channels"]}
    assert len(wrong) == 3 and "heart_rate" not in wrong
    for index, name in enumerate(NAMES):
        entry = wrong.get(name, {"slope": 1, "intercept": 0})
        expected = series()[0, :, index] * entry["slope"] + entry["intercept"]
        np.testing.assert_allclose(result[0, :, index], expected, rtol=1e-6)
    np.testing.assert_array_equal(result[1:], series()[1:])


def test_series_without_other_units_is_refused() -> None:
    with pytest.raises(ValueError, match="no channel has another unit"):
        UnitErrord("series", 1, series=SeriesSpec(channels=SERIES.channels[:1]))
