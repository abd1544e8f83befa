"""The shortcut is planted on the films of a cohort as a model prepares them."""

from __future__ import annotations

import pytest

from monai_app.benchmark.attribution_marker_run import run_marker
from monai_app.benchmark.attribution_models import ModelPlace
from monai_app.benchmark.profiles import NETWORK, Profile
from monai_app.core.errors import InputRejected
from tests.benchmark.conftest import SETTINGS, Bench


def test_both_models_are_asked_about_the_same_films(bench: Bench) -> None:
    place = ModelPlace("early", "early", bench.out / "models" / "early" / "seed0")
    settings = {**NETWORK[Profile.SMALL], **SETTINGS, "tasks": ["mortality", "diagnosis"]}
    told = ("multimodal_diagnosis", bench.cohort, place)
    rows = run_marker(*told, "heart_failure", settings, films=(6, 2), epochs=1, resamples=5)
    assert {row["measure"] for row in rows} >= {"relevance mass", "hit", "AUROC of relevance mass"}
    assert {row["n"] for row in rows if row["measure"] == "hit"} == {2}
    with pytest.raises(InputRejected, match="LABEL_UNKNOWN"):
        run_marker(*told, "gout", settings)
