from __future__ import annotations

from pathlib import Path

from monai_app.core.resources import resource
from monai_app.engines.volumes.verify import balls_for, segmentation_faults, segments_volumes
from tests.engines.volumes.tiny import SPEC, tiny_network

NAMES = {"0": "background", "1": "one", "2": "two"}
FORMATS = {
    "inputs": {"image": {"spatial_shape": ["*"] * 3}},
    "outputs": {"pred": {"spatial_shape": ["*"] * 3, "channel_def": NAMES}},
}


def test_segmentation_bundles_are_told_from_others() -> None:
    assert segments_volumes(resource("bundles", "mri_segmentation"))
    assert not segments_volumes(resource("bundles", "multimodal_diagnosis"))


def test_a_network_that_does_what_is_told_has_no_fault() -> None:
    assert list(segmentation_faults(tiny_network(), SPEC, FORMATS)) == []


def test_wrong_names_and_numbers_of_outputs_are_named() -> None:
    other = SPEC.model_copy(update={"structures": ("one", "three")})
    assert "three" in next(segmentation_faults(tiny_network(), other, FORMATS))
    more = SPEC.model_copy(update={"structures": ("one", "two", "three")})
    assert "the network gives [1, 3" in " ".join(segmentation_faults(tiny_network(), more, FORMATS))


def test_balls_have_the_sequences_of_the_spec(tmp_path: Path) -> None:
    spec = SPEC.model_copy(update={"sequences": ("FLAIR", "T1c")})
    balls_for(spec, tmp_path)
    assert len(list((tmp_path / "images").iterdir())) == 2 * 4
