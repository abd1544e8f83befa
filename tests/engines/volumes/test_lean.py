from __future__ import annotations

from pathlib import Path

import pytest
import torch
from monai.data import MetaTensor

from monai_app.core.atomic import sha256_file, write_text
from monai_app.core.errors import InputRejected
from monai_app.engines.volumes.lean import open_lean
from tests.engines.volumes.tiny_bundle import SPEC, bundle_folder


def test_a_bundle_gives_its_grid_its_names_and_its_weights(tmp_path: Path) -> None:
    opened = open_lean(str(bundle_folder(tmp_path)))
    net = opened.model
    assert net.classes == ("background", *SPEC.structures)
    assert (net.spacing_mm, net.axcodes, net.window) == (SPEC.spacing_mm, "RAS", SPEC.patch)
    assert net.sha256 == sha256_file(tmp_path / "bundle" / "models" / "model.safetensors")
    assert net.air == -500.0
    assert opened.familiarity is None
    assert not net.network.training


def test_intensities_are_those_after_spacing(tmp_path: Path) -> None:
    net = open_lean(str(bundle_folder(tmp_path))).model
    image = MetaTensor(torch.tensor([-2000.0, 0.0, 500.0]).reshape(1, 1, 1, 3), affine=torch.eye(4))
    assert net.normalise(image).flatten().tolist() == pytest.approx([0.0, 0.5, 0.75])


def test_weights_decide_what_is_segmented(tmp_path: Path) -> None:
    first, second = (open_lean(str(bundle_folder(tmp_path / str(seed), seed=seed))).model for seed in (0, 1))
    window = torch.ones(1, 1, *SPEC.patch)
    with torch.inference_mode():
        assert not torch.equal(first.network(window), second.network(window))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("_target_: monai_app.transforms.volume.load_volume.LoadVolumed", "_target_: os.system", "BUNDLE_UNSAFE"),
        ("preprocessing:", "elsewhere:", "NOT_SEGMENTATION"),
        ("- {_target_: Orientationd", "- {_target_: ScaleIntensityd, keys: image}\n  - {_target_: Orientationd",
         "PREPROCESSING_UNSUPPORTED"),
    ],
    ids=["unsafe", "no preprocessing", "intensities first"],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(tmp_path: Path, old: str, new: str, code: str) -> None:
    folder = bundle_folder(tmp_path)
    common = folder / "configs" / "common.yaml"
    text = common.read_text()
    assert old in text
    write_text(common, text.replace(old, new))
    with pytest.raises(InputRejected, match=code):
        open_lean(str(folder))


def test_sequences_keep_their_order(tmp_path: Path) -> None:
    two = SPEC.model_copy(update={"sequences": ("T1", "T2"), "modality": "MR"})
    assert open_lean(str(bundle_folder(tmp_path, spec=two))).model.sequences == ("T1", "T2")


def test_without_weights_it_is_refused(tmp_path: Path) -> None:
    folder = bundle_folder(tmp_path)
    with pytest.raises(InputRejected, match="MODEL_MISSING"):
        open_lean(str(folder), model_dir=tmp_path)


def test_an_unknown_overlay_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="OVERLAY_UNKNOWN"):
        open_lean(str(bundle_folder(tmp_path)), overlays=["nothing"])
