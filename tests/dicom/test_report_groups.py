"""Groups of a report: values, codes and units as PS3.16 has them."""

from __future__ import annotations

import pytest
from highdicom.sr.utils import find_content_items
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from monai_app.dicom.concept import Concept
from monai_app.dicom.report_content import Interval, ModalityShare, ReportedFinding
from monai_app.dicom.report_groups import (
    ABSTAINED,
    AVAILABLE,
    GroupContext,
    finding_group,
    modality_group,
    modality_tracking,
    picture,
)
from tests.faults.studies import ALGORITHM


def context(modality: str = "CT") -> GroupContext:
    header = Dataset()
    header.Modality, header.SOPClassUID, header.SOPInstanceUID = modality, "1.2.840.10008.5.1.4.1.1.2", "2.25.4"
    return GroupContext(ALGORITHM.of_report("Maker"), {"a": "2.25.1", "input a": "2.25.2"}, [header])


def numbers(group: Dataset, *, below: Dataset | None = None) -> dict[str, float]:
    found = find_content_items(below or group, value_type="NUM")
    return {item.name.meaning: float(item.value) for item in found}


def test_interval_is_the_range_above_and_below_with_its_level() -> None:
    (group,) = finding_group(ReportedFinding("a", True, 0.8, 0.5, Interval(0.65, 0.9, 0.95)), context(), [])
    assert numbers(group) == {"Probability": 0.8, "decision threshold": 0.5}
    (probability,) = find_content_items(group, name=codes.DCM.Probability)
    assert numbers(group, below=probability) == pytest.approx(
        {
            "+, range of upper measurement uncertainty": 0.1,
            "-, range of lower measurement uncertainty": 0.15,
            "confidence level of the uncertainty range": 0.95,
        }
    )


@pytest.mark.parametrize(("present", "abstained"), [(True, True), (False, False)])
def test_presence_and_abstention_are_both_explicit(present: bool, abstained: bool) -> None:
    finding = ReportedFinding("a", present, 0.9 if present else 0.1, 0.5, abstained=abstained)
    (group,) = finding_group(finding, context(), [])
    (presence,) = find_content_items(group, name=codes.DCM.PresenceOfProperty)
    assert presence.value == (codes.SCT.Present if present else codes.SCT.Absent)
    (stands,) = find_content_items(group, name=ABSTAINED.coded())
    assert stands.value == (codes.SCT.Yes if abstained else codes.SCT.No)


def test_given_code_of_a_finding_is_used() -> None:
    effusion = Concept("SCT", "60046008", "Pleural effusion")
    (group,) = finding_group(ReportedFinding("a", True, 0.9, 0.5, code=effusion), context(), [])
    (finding,) = find_content_items(group, name=codes.DCM.Finding)
    assert finding.value == codes.SCT.PleuralEffusion


def test_finding_of_a_film_names_the_film_and_its_map() -> None:
    header = context().sources[0]
    (group,) = finding_group(ReportedFinding("a", True, 0.9, 0.5), context("DX"), [picture(header, [2, 3])])
    images = find_content_items(group, value_type="IMAGE")
    assert [item.name.meaning for item in images] == ["Source of Measurement", "Best illustration of finding"]
    assert images[1].referenced_frame_numbers == [2, 3]


@pytest.mark.parametrize("reliability", [0.25, None])
def test_input_has_weight_reliability_and_presence(reliability: float | None) -> None:
    share = ModalityShare("a", False, 0.0, reliability)
    assert modality_tracking(share) == "input a"
    (group,) = modality_group(share, context())
    known = {} if reliability is None else {"reliability of the input": reliability}
    assert numbers(group) == {"weight of the input in the prediction": 0.0, **known}
    (available,) = find_content_items(group, name=AVAILABLE.coded())
    assert available.value == codes.SCT.No
