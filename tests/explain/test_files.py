"""The folder is written whole or not at all, and its record can be read by machines."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.explain.baselines import Baselines
from monai_app.explain.files import write_explanation
from monai_app.networks import MultimodalNetwork
from tests.explain.presented import GOOD, explained, material


def test_folder_holds_page_pictures_and_record(
    network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines, tmp_path: Path
) -> None:
    found = explained(network, spec, inputs, baselines)
    write_explanation(tmp_path / "out", found, dict.fromkeys(found.maps, GOOD), material(spec))
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"attribution.json", "case.html", "film_overlay.png", "film_attribution.nii.gz"}
    record = json.loads((tmp_path / "out" / "attribution.json").read_text())
    assert record["files"] == {n: sha256_file(tmp_path / "out" / n) for n in names - {"attribution.json"}}
    assert sum(record["modalities"]["shapley"].values()) == pytest.approx(record["score"], abs=1e-5)
    for name, made in found.maps.items():
        np.testing.assert_allclose(record["maps"][name]["values"], made.values, rtol=1e-4)
        assert record["maps"][name]["believability"]["faithfulness"]["without_tenth"] == 0.32
    assert record["maps"]["series"]["step_ends_hours"][-1] == 0 and record["maps"]["series"]["units"] == ["mmHg"] * 3
    assert [word["start"] for word in record["maps"]["note"]["words"]] == [0, 7, 13, 23]
    with Image.open(tmp_path / "out" / "film_overlay.png") as picture:
        assert picture.size == (40, 60)
    assert nibabel.load(tmp_path / "out" / "film_attribution.nii.gz").shape == (40, 60, 1)
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        write_explanation(tmp_path / "out", found, {}, material(spec))


def test_case_without_a_film_has_no_pictures(
    network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines, tmp_path: Path
) -> None:
    inputs["film_present"] = ~inputs["film_present"]
    found = explained(network, spec, inputs, baselines)
    record = write_explanation(tmp_path / "out", found, {}, material(spec))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"attribution.json", "case.html"}
    assert record["absent"] == ["film"] and record["maps"]["note"]["believability"] is None
