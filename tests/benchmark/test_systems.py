"""Systems: each is a real overlay with settings that exist, and groups divide them."""

from __future__ import annotations

import pickle

import pytest

from monai_app.benchmark.systems import SYSTEMS, System, chosen_systems
from monai_app.core.errors import InputRejected
from monai_app.engines.bundle import Workflow
from tests.benchmark.configuration import has_entry, merged

EACH = pytest.mark.parametrize("system", SYSTEMS.values(), ids=lambda system: system.name)


@EACH
def test_every_setting_is_an_entry_of_the_training_with_another_value(system: System) -> None:
    configuration = merged(Workflow.TRAIN, f"fusion_{system.overlay}")
    for key, value in system.settings.items():
        assert has_entry(configuration, key), key
        assert configuration.get(key) != value, f"{key} changes nothing"


@EACH
def test_an_ablation_differs_from_all_others_of_its_overlay(system: System) -> None:
    alike = [other for other in SYSTEMS.values() if other.overlay == system.overlay]
    assert sum(dict(other.settings) == dict(system.settings) for other in alike) == 1
    assert system.ablation == bool(system.settings)


def test_groups_divide_the_systems_and_names_keep_their_order() -> None:
    whole, ablations = ([system.name for system in chosen_systems([group])] for group in ("all", "ablations"))
    assert not set(whole) & set(ablations) and set(whole) | set(ablations) == set(SYSTEMS)
    assert [system.name for system in chosen_systems(["draf", "early", "draf"])] == ["draf", "early"]


@pytest.mark.parametrize("names", [["early", "luck"], [""], []])
def test_an_unknown_system_is_refused(names: list[str]) -> None:
    with pytest.raises(InputRejected, match="SYSTEM_UNKNOWN"):
        chosen_systems(names)


def test_every_system_can_be_sent_to_a_training_process() -> None:
    assert all(pickle.dumps(system) for system in SYSTEMS.values())
