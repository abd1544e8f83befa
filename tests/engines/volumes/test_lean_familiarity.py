"""Familiarity for lean inference: training volumes are familiar, noise is not; the lean record is what is read."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.engines.volumes.lean import LeanBundle, open_lean
from monai_app.engines.volumes.lean_familiarity import fit_lean_familiarity
from monai_app.inference.model import Options
from monai_app.inference.ood import FEWEST, FILE_NAME, LEAN_FILE_NAME
from monai_app.inference.run import segment_source
from monai_app.inference.source import Source
from tests.engines.volumes.tiny_bundle import COMMON, bundle_folder
from tests.inference.tiny import volume

WATCHING = COMMON + "feature_layer: model.0\n"


def datalist(folder: Path, count: int) -> Path:
    """As many train, tuning and test volumes of one kind."""
    base = volume((20, 20, 16))
    content: dict[str, list[dict[str, str]]] = {"training": [], "validation": [], "test": []}
    for number in range(3 * count):
        noise = numpy_generator("volume", number).normal(0, 20, base.array.shape)
        image = nibabel.Nifti1Image((base.array + noise).astype(np.float32), base.affine_ras)
        nibabel.save(image, folder / f"{number}.nii.gz")
        section = list(content)[number // count]
        content[section].append({"image": f"{number}.nii.gz", "patient": str(number)})
    (folder / "dataset.json").write_text(json.dumps(content))
    return folder / "dataset.json"


def opened(tmp_path: Path) -> LeanBundle:
    folder = bundle_folder(tmp_path)
    (folder / "configs" / "common.yaml").write_text(WATCHING)
    return open_lean(str(folder))


def test_what_it_was_fitted_on_is_familiar_and_noise_is_not(tmp_path: Path) -> None:
    lean, models = opened(tmp_path), tmp_path / "bundle" / "models"
    told: list[tuple[int, int]] = []
    found = fit_lean_familiarity(
        lean, datalist(tmp_path, FEWEST), models, told=lambda done, total: told.append((done, total))
    )
    assert found["volumes"] == dict.fromkeys(("train", "tuning", "held_out"), FEWEST)
    assert told[-1] == (3 * FEWEST, 3 * FEWEST) and found["test_unfamiliar"] < FEWEST
    assert (models / LEAN_FILE_NAME).is_file() and not (models / FILE_NAME).exists()
    again = open_lean(str(tmp_path / "bundle"))
    strange = volume((20, 20, 16))
    strange.array[:] = numpy_generator("strange").integers(-1000, 1000, strange.array.shape)
    judged = segment_source(
        Source(strange, {}), again.model, Options(), familiarity=again.familiarity, feature_layer=again.feature_layer
    )
    assert judged.remarks["familiarity"]["unfamiliar"]


def test_few_volumes_say_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="TOO_FEW_VOLUMES"):
        fit_lean_familiarity(opened(tmp_path), datalist(tmp_path, 2), tmp_path / "bundle" / "models")


def test_a_bundle_that_watches_nothing_is_refused(tmp_path: Path) -> None:
    lean = open_lean(str(bundle_folder(tmp_path)))
    with pytest.raises(InputRejected, match="FAMILIARITY_UNWATCHED"):
        fit_lean_familiarity(lean, tmp_path / "dataset.json", tmp_path)
