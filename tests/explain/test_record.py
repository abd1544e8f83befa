"""Numbers are rounded to what they are worth, and nothing else is lost."""

from __future__ import annotations

import json

import numpy as np
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.explain.baselines import Baselines
from monai_app.explain.record import record, rounded
from monai_app.networks import MultimodalNetwork
from tests.explain.presented import explained, material


def test_values_keep_five_digits() -> None:
    assert rounded(np.array([[1.23456789, -0.000123456789], [0.0, 1e9]])) == [[1.2346, -0.00012346], [0.0, 1e9]]


def test_record_is_json_and_names_every_coalition(
    network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    found = record(explained(network, spec, inputs, baselines, "survival/by_2"), {}, material(spec), {})
    assert len(found["modalities"]["coalition_scores"]) == 16 and len(found["modalities"]["interactions"]) == 6
    assert found["modalities"]["coalition_scores"]["none"] == 0.0
    assert json.loads(json.dumps(found, allow_nan=False))["maps"]["table"]["known"] == [True, True, False]
    assert all(made["baseline"] and made["completeness_gap"] < 0.01 for made in found["maps"].values())
