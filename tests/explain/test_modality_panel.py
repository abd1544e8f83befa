"""The panel shows intervals where the model draws, and says that there are none where it does not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.core.page import Section
from monai_app.explain.baselines import Baselines
from monai_app.explain.modality_panel import add_modalities
from monai_app.networks import AttentionFusion, MultimodalNetwork, SampledFusion
from tests.explain.presented import explained


@pytest.mark.parametrize("fusion", [AttentionFusion, SampledFusion], ids=lambda kind: kind.__name__)
def test_intervals_stand_in_brackets_or_not_at_all(
    fusion: Callable[..., object],
    build: Callable[..., MultimodalNetwork],
    spec: ModelSpec,
    inputs: dict[str, Tensor],
    baselines: Baselines,
) -> None:
    section = Section("x")
    found = explained(build(fusion), spec, inputs, baselines)
    add_modalities(section, found)
    html = "".join(map(str, section.blocks))
    draws = fusion is SampledFusion
    assert ("No interval" in html) != draws and ("middle nine tenths" in html) == draws
    assert html.count(" to +") + html.count(" to -") == (len(found.shares.names) if draws else 0)
