from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from monai_app.phantom.corruption import KINDS, Corruption, CorruptionKind, draw_corruptions, severity_of
from monai_app.phantom.patient import Patient
from monai_app.phantom.site import SITES


def test_a_modality_is_only_degraded_in_ways_it_can_be() -> None:
    rng = np.random.default_rng(0)
    site = replace(SITES["D"], corruption_share=1.0)
    for _ in range(50):
        drawn = draw_corruptions(rng, site)
        assert set(drawn) == set(KINDS)
        assert all(corruption.kind in KINDS[modality] for modality, corruption in drawn.items())


def test_quality_falls_as_severity_rises() -> None:
    assert Corruption(CorruptionKind.MOTION, 0.25).quality == 0.75


def test_severity_counts_only_for_its_own_kind(patient_with: Callable[..., Patient]) -> None:
    corruption = Corruption(CorruptionKind.MOTION, 0.5)
    assert severity_of(corruption, CorruptionKind.MOTION) == 0.5
    assert severity_of(corruption, CorruptionKind.CLIPPED) == severity_of(None, CorruptionKind.MOTION) == 0.0
