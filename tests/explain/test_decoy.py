from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.explain.baselines import Baselines
from monai_app.explain.decoy import decoy, key_path, refuse_key, write_key
from monai_app.explain.explanation import Explanation
from monai_app.explain.files import write_explanation
from monai_app.networks import MultimodalNetwork
from tests.explain.presented import explained, material


@pytest.fixture
def found(network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines) -> Explanation:
    return explained(network, spec, inputs, baselines)


def test_decoy_has_other_maps_of_the_same_strength_and_the_same_prediction(found: Explanation) -> None:
    made = decoy(found, seed=1)
    assert made.case.score == found.case.score
    np.testing.assert_array_equal(made.shares.shapley, found.shares.shapley)
    for name, true in found.maps.items():
        strange = made.maps[name]
        assert np.abs(strange.values).sum() == pytest.approx(np.abs(true.values).sum(), rel=1e-4)
        assert strange.method == true.method and strange.warnings == true.warnings
    film = [one.maps["film"].values.ravel() for one in (found, made)]
    assert abs(np.corrcoef(film)[0, 1]) < 0.5


def test_decoys_are_a_function_of_the_seed(found: Explanation) -> None:
    one, again, other = decoy(found, seed=1), decoy(found, seed=1), decoy(found, seed=2)
    np.testing.assert_array_equal(one.maps["film"].values, again.maps["film"].values)
    assert not np.array_equal(one.maps["film"].values, other.maps["film"].values)


def test_pages_and_records_of_both_arms_cannot_be_told_apart_but_the_key_can(
    found: Explanation, spec: ModelSpec, tmp_path: Path
) -> None:
    texts = {}
    for arm, one in (("model", found), ("decoy", decoy(found, seed=1))):
        record = write_explanation(tmp_path / arm, one, {}, material(spec), blind=True)
        write_key(tmp_path / arm, is_decoy=arm == "decoy", seed=1, files=record["files"])
        page = (tmp_path / arm / "case.html").read_text()
        told = json.loads((tmp_path / arm / "attribution.json").read_text())
        assert "checks passed" not in page and "Can these maps be believed" not in page
        assert "decoy" not in page.lower() and "decoy" not in json.dumps(told).lower()
        for made in told["maps"].values():
            assert "completeness_gap" not in made and made["believability"] is None
        texts[arm] = {key: value for key, value in told.items() if key not in ("maps", "files")}
        assert not any("key" in path.name for path in (tmp_path / arm).iterdir())
    assert texts["model"] == texts["decoy"]
    keys = {arm: json.loads(key_path(tmp_path / arm).read_text()) for arm in texts}
    assert keys["decoy"]["decoy"] is True and keys["decoy"]["seed"] == 1
    assert keys["model"]["decoy"] is False and keys["model"]["seed"] is None


def test_a_key_is_not_overwritten(tmp_path: Path) -> None:
    key_path(tmp_path / "out").write_text("{}")
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        refuse_key(tmp_path / "out", force=False)
    refuse_key(tmp_path / "out", force=True)
