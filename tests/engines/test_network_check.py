from __future__ import annotations

import copy
from functools import partial
from typing import Any

import pytest

from monai_app.core.loading import read_json
from monai_app.core.resources import resource
from monai_app.engines.build import seeded_network
from monai_app.engines.network_check import network_faults
from monai_app.networks import EarlyFusion, MultimodalNetwork
from tests.engines.tiny import SPEC, WIDTH, tiny_encoders


@pytest.fixture(scope="module")
def network() -> MultimodalNetwork:
    return seeded_network(SPEC, partial(tiny_encoders, SPEC), partial(EarlyFusion, SPEC, width=WIDTH, hidden=4))


@pytest.fixture
def formats() -> dict[str, Any]:
    path = resource("bundles", "multimodal_diagnosis", "configs", "metadata.json")
    return copy.deepcopy(read_json(path)["network_data_format"])


def test_the_shipped_metadata_is_true_of_a_network(network: MultimodalNetwork, formats: dict[str, Any]) -> None:
    assert network_faults(network, SPEC, formats) == []


def test_every_difference_is_named(network: MultimodalNetwork, formats: dict[str, Any]) -> None:
    formats["inputs"]["series"]["num_channels"] = 4
    formats["inputs"]["sound"] = formats["inputs"].pop("table")
    faults = network_faults(network, SPEC, formats)
    assert "input series: metadata says [4, '*', '*'], the network's spec [3, 6, 2]" in faults
    assert any("input sound that no network has" in fault for fault in faults)
    assert any("does not describe the input table" in fault for fault in faults)


def test_a_wrong_output_type_is_named(network: MultimodalNetwork, formats: dict[str, Any]) -> None:
    formats["outputs"]["pred"]["dtype"] = "int64"
    assert any("task death gives torch.float32" in fault for fault in network_faults(network, SPEC, formats))
