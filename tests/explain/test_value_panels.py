"""A measurement counts with the steps it was carried to; fields show the patient's own values."""

from __future__ import annotations

import numpy as np
import pytest
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.core.page import Section
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.baselines import Baselines
from monai_app.explain.value_panels import add_table, field_rows, measurements
from monai_app.networks import MultimodalNetwork
from tests.explain.presented import explained, material


def test_measurement_has_what_was_carried_from_it() -> None:
    values = np.array([[1.0, 0], [2, 0], [4, 0], [8, 0]], np.float32)
    grid = np.zeros((3, 4, 2), np.float32)
    grid[0, :, 0], grid[1, 2, 0] = [5, 5, 6, 6], 1
    features = np.array([[True, False]] * 4)
    made = AttributionMap("series", "m", values, 1, 0, "b", 1, features, features & (grid[1] == 0))
    rows = measurements(made, grid, np.arange(-3.0, 1.0), [("heart_rate", "/min"), ("never", "1")], 1.0)
    assert rows == [
        ["heart rate", "6 /min", "1", "2 h", "+12.000"],
        ["heart rate", "5 /min", "before the window", "2 h", "+3.000"],
    ]


def test_fields_carry_values_units_and_unknowns(
    network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    found = explained(network, spec, inputs, baselines)
    rows, unknown = field_rows(found, found.maps["table"], material(spec))
    assert {name for name, _ in rows} == {"age: 0.7 years", "sex: F"} and not unknown
    assert sum(worth for _, worth in rows) == pytest.approx(float(found.maps["table"].values.sum()), abs=1e-6)
    inputs["table"][0, 0, 1] = np.nan
    section, found = Section("x"), explained(network, spec, inputs, baselines)
    add_table(section, found, found.maps["table"], material(spec))
    assert "Unknown, so without attribution: sex" in str(section.blocks)
