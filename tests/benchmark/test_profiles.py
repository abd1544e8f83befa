"""Profiles change entries that exist, and judge what they trained."""

from __future__ import annotations

import pytest

from monai_app.benchmark.profiles import NETWORK, SEVERITIES, TRAINING, Profile
from monai_app.engines.bundle import Workflow
from tests.benchmark.configuration import has_entry, merged


@pytest.mark.parametrize("profile", Profile)
def test_every_setting_is_an_entry_and_the_network_is_the_same_in_evaluation(profile: Profile) -> None:
    training, evaluation = merged(Workflow.TRAIN), merged(Workflow.EVALUATE)
    assert [key for key in [*NETWORK[profile], *TRAINING[profile]] if not has_entry(training, key)] == []
    assert [key for key in NETWORK[profile] if not has_entry(evaluation, key)] == []


@pytest.mark.parametrize("profile", Profile)
def test_severities_rise_from_the_weakest_to_the_worst(profile: Profile) -> None:
    severities = SEVERITIES[profile]
    assert severities[0] == 1 and severities[-1] == 5 and list(severities) == sorted(set(severities))
