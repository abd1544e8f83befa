"""Names of models; opening them is tested on trained ones in test_attribution_run.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from monai_app.benchmark.attribution_models import ModelPlace, model_places
from monai_app.core.errors import InputRejected

BUNDLE = "multimodal_diagnosis"


def test_a_name_says_which_system_and_may_come_twice() -> None:
    places = model_places(["early@a=x", "early_faults=y"], BUNDLE, None)
    assert places == [ModelPlace("early@a", "early", Path("x")), ModelPlace("early_faults", "early", Path("y"))]


def test_without_models_the_bundle_s_own_weights_are_taken() -> None:
    assert model_places([], BUNDLE, "draf") == [ModelPlace("draf", "draf", None)]
    assert model_places([], BUNDLE, None) == [ModelPlace(BUNDLE, None, None)]


def test_another_name_needs_its_system() -> None:
    assert model_places(["mine=x"], BUNDLE, "early")[0].system == "early"
    for pair in ("mine=x", "early", "=x"):
        with pytest.raises(InputRejected, match="MODEL_NAME"):
            model_places([pair], BUNDLE, None)
