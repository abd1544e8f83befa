"""One volume through the bundles, as `monai-app explain` runs it; what cannot be found is refused with a code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from monai_app.cli.app import app
from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource
from monai_app.dicom.volume import Volume
from monai_app.engines.bundle import Workflow, open_workflow
from monai_app.engines.model_folder import write_model
from monai_app.engines.volumes.explaining import explainable_items, find_item, read_item, seen_by_network
from monai_app.engines.volumes.verify import balls_for
from monai_app.inference.source import Source
from monai_app.phantom.volume_list import write_volume_list
from tests.inference.tiny import AFFINES
from tests.single_threaded import single_threaded

__all__ = ["single_threaded"]

CLASSIFIER, SEGMENTER = "volume_classification", "mri_segmentation"


def untrained(name: str, datalist: Path, folder: Path) -> Path:
    settings = {"datalist": str(datalist), "output_dir": str(folder)}
    parser = open_workflow(resource("bundles", name), Workflow.TRAIN, overlays=["smoke"], settings=settings).parser
    write_model(folder, parser.get_parsed_content("network"), parser.get_parsed_content("spec"))
    return folder


@pytest.fixture(scope="module")
def lesions(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data list of simulated CT and a model for it."""
    folder = tmp_path_factory.mktemp("lesions")
    write_volume_list(folder / "list", patients=12, seed=1, voxel_mm=16)
    datalist = folder / "list" / "dataset.json"
    return datalist, untrained(CLASSIFIER, datalist, folder / "model")


@pytest.fixture(scope="module")
def balls(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data list of balls in noise and a model for it."""
    folder = tmp_path_factory.mktemp("balls")
    parser = open_workflow(resource("bundles", SEGMENTER), Workflow.TRAIN, overlays=["smoke"]).parser
    datalist = balls_for(parser.get_parsed_content("spec"), folder / "data")
    return datalist, untrained(SEGMENTER, datalist, folder / "model")


def explain(bundle: str, model: Path, out: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the last line of `monai-app explain --json`."""
    given = ["explain", bundle, "--model", str(model), "--out", str(out), "--overlay", "smoke", "--json", *words]
    result = CliRunner().invoke(app, given)
    return result.exit_code, json.loads(result.stdout.splitlines()[-1])


def test_a_classification_is_explained_in_the_images_own_voxels(lesions: tuple[Path, Path], tmp_path: Path) -> None:
    datalist, model = lesions
    asked = ["--target", "lesion", "--method", "grad_cam"]
    code, found = explain(CLASSIFIER, model, tmp_path / "a", "--datalist", str(datalist), "--case", "1", *asked)
    assert code == 0, found
    item = explainable_items(datalist)[0]
    read = read_item(item, ("CT",)).volume
    written = nibabel.load(tmp_path / "a" / "ct_attribution.nii.gz")
    assert np.allclose(written.affine, read.affine_ras, atol=1e-4) and written.shape == read.array.shape
    assert [one["region"] for one in found["maps"]["CT"]["believability"]["regions"]] == ["lesion"]
    assert Path(found["page"]).read_text().count("<h2") == 4
    again = explain(CLASSIFIER, model, tmp_path / "b", "--input", item["image"], *asked)[1]
    assert again["score"] == pytest.approx(found["score"]) and not again["maps"]["CT"]["believability"]["regions"]
    assert item["patient"] not in json.dumps(found).replace(json.dumps(found["versions"]), "").split()


def test_a_structure_is_explained(balls: tuple[Path, Path], tmp_path: Path) -> None:
    datalist, model = balls
    words = ["--datalist", str(datalist), "--case", "1", "--target", "anterior", "--method", "grad_cam"]
    code, found = explain(SEGMENTER, model, tmp_path / "out", *words, "--region", "posterior")
    assert code == 0, found
    assert found["resolution"].startswith("cells of") and found["structure"]["share_in_window"] > 0
    assert (tmp_path / "out" / "t1_attribution.nii.gz").is_file()


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"--target": "spleen"}, "LABEL_UNKNOWN"),
        ({"--method": "guesswork"}, "METHOD_UNKNOWN"),
        ({"--region": "spleen"}, "REGION_UNKNOWN"),
        ({"--case": "99"}, "CASE_UNKNOWN"),
        ({"--input": "."}, "CASE_UNCLEAR"),
        ({"--cohort": "."}, "CASE_UNCLEAR"),
    ],
)
def test_what_cannot_be_found_is_refused_with_a_code(
    changed: dict[str, str], code: str, lesions: tuple[Path, Path], tmp_path: Path
) -> None:
    datalist, model = lesions
    asked = {"--datalist": str(datalist), "--case": "1", "--target": "lesion", "--method": "grad_cam"} | changed
    exit_code, found = explain(CLASSIFIER, model, tmp_path / "out", *(word for pair in asked.items() for word in pair))
    assert exit_code == 2 and found["error"]["code"] == code and not (tmp_path / "out").exists()


def test_a_case_is_a_place_in_the_list_or_a_patient_with_one_volume() -> None:
    items = [{"patient": "a", "image": "1"}, {"patient": "b", "image": "2"}, {"patient": "b", "image": "3"}]
    assert find_item(items, 3)["image"] == "3" and find_item(items, "a")["image"] == "1"
    with pytest.raises(InputRejected, match="CASE_AMBIGUOUS"):
        find_item(items, "b")
    with pytest.raises(InputRejected, match="CASE_UNKNOWN"):
        find_item(items, None)


@pytest.mark.parametrize("name", AFFINES)
@pytest.mark.parametrize("bundle", [CLASSIFIER, "ct_segmentation", SEGMENTER])
def test_a_point_of_the_patient_is_where_the_grid_of_the_network_says(bundle: str, name: str) -> None:
    array = np.full((60, 50, 40), -800.0, np.float32)
    array[36:44, 14:22, 20:26] = 250.0
    middle = AFFINES[name] @ np.array([39.5, 17.5, 22.5, 1.0])
    parser = open_workflow(resource("bundles", bundle), Workflow.TRAIN).parser
    preprocessing = parser.get_parsed_content("preprocessing")
    seen = seen_by_network(Source(Volume(array, AFFINES[name]), {}), preprocessing, torch.device("cpu"))
    bright = (seen.image[0] - seen.image[0].min()).numpy()
    places = np.argwhere(bright > 0.5 * bright.max())
    found = seen.affine_ras @ np.array([*places.mean(axis=0), 1.0])
    assert np.abs(found - middle).max() < 0.5 * max(seen.spacing_mm)
