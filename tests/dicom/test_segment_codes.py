"""Codes of segments: every structure of every shipped network has one, and each is in the dictionary of PS3.16."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydicom.sr._concepts_dict import concepts

from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource
from monai_app.dicom.concept import Concept
from monai_app.dicom.segment_codes import SegmentCode, SegmentCodes
from monai_app.transforms.volume.head_structures import structure_names

TABLES = sorted(resource("configs", "segments").glob("*.yaml"))
BUNDLES = {
    "ct_segmentation/configs/common.yaml": "ct_thorax",
    "mri_segmentation/configs/common.yaml": "hippocampus",
    "mri_segmentation/configs/sequences_brats.yaml": "brain_tumour",
    "mri_segmentation/configs/sequences_ms.yaml": "brain_lesion",
}


def table(name: str) -> SegmentCodes:
    return SegmentCodes.read(resource("configs", "segments", f"{name}.yaml"))


def known(concept: Concept) -> bool:
    """Whether PS3.16, as pydicom carries it, has this code with this meaning."""
    meanings = {
        meaning
        for by_value in concepts[concept.scheme].values()
        for value, (meaning, *_) in by_value.items()
        if value == concept.value
    }
    return concept.meaning in meanings


def parts(code: SegmentCode) -> list[Concept]:
    return [one for one in (code.category, code.type, code.modifier, code.region) if one is not None]


@pytest.mark.parametrize(("bundle", "name"), BUNDLES.items())
def test_every_structure_of_a_bundle_has_a_code(bundle: str, name: str) -> None:
    structures: list[str] = yaml.safe_load(resource("bundles", *bundle.split("/")).read_text())["structures"]
    assert [one.name for one in table(name).of(structures)] == structures


def test_every_structure_of_the_whole_head_has_a_code() -> None:
    assert len(table("whole_head").of(structure_names())) == len(structure_names())


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_every_code_is_in_the_standard_with_this_meaning(path: Path) -> None:
    codes = SegmentCodes.read(path)
    assert all(known(part) for code in codes.of(list(codes.segments)) for part in parts(code))


@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.stem)
def test_no_two_segments_are_coded_alike(path: Path) -> None:
    codes = SegmentCodes.read(path)
    coded: list[Any] = [tuple(parts(code)) for code in codes.of(list(codes.segments))]
    assert len(set(coded)) == len(coded)


def test_label_without_a_code_is_refused() -> None:
    with pytest.raises(InputRejected, match="LABEL_UNKNOWN.*spleen"):
        table("ct_thorax").of(["heart", "spleen"])
