"""Reports: every label, volume and input, with references that lead to the objects written beside them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import highdicom
import pytest
from highdicom.sr import Comprehensive3DSR
from highdicom.sr.utils import find_content_items
from pydicom.dataset import FileDataset
from pydicom.sr.codedict import codes

from monai_app.core.errors import InputRejected
from monai_app.dicom.report_content import ReportContent, ReportedVolume
from monai_app.dicom.results import make_results
from monai_app.dicom.write_report import COMMENT, Referred, write_report
from tests.dicom.validators import dciodvfy_errors
from tests.faults.studies import NAMES, ct_study, film_study, report, segment_codes, written


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FileDataset]:
    """All results of a CT by kind."""
    return {one.kind.value: written(one.data) for one in make_results(*ct_study(tmp_path_factory.mktemp("study")))}


@pytest.fixture(scope="module")
def content(objects: dict[str, FileDataset]) -> highdicom.sr.MeasurementReport:
    return Comprehensive3DSR.from_dataset(objects["report"]).content


def test_every_label_is_reported_present_or_absent(content: highdicom.sr.MeasurementReport) -> None:
    presence = {}
    for finding in report().findings:
        (group,) = [one for one in content.get_image_measurement_groups() if one.tracking_identifier == finding.name]
        (told,) = group.get_qualitative_evaluations(codes.DCM.PresenceOfProperty)
        presence[finding.name] = told.value == codes.SCT.Present
        (probability,) = group.get_measurements(codes.DCM.Probability)
        assert probability.value == finding.probability
    assert presence == {"pneumonia": True, "heart_failure": False}


def test_volumes_refer_to_their_segments(
    objects: dict[str, FileDataset], content: highdicom.sr.MeasurementReport
) -> None:
    groups = content.get_volumetric_roi_measurement_groups()
    assert [one.tracking_identifier for one in groups] == list(NAMES)
    for number, (group, volume) in enumerate(zip(groups, report().volumes, strict=True), 1):
        (measured,) = group.get_measurements(codes.SCT.Volume)
        assert (measured.value, measured.unit.value) == (volume.volume_ml, "ml")
        (image,) = find_content_items(group[0], name=codes.DCM.ReferencedSegment)
        assert image.referenced_sop_instance_uid == objects["segmentation"].SOPInstanceUID
        assert image.referenced_segment_numbers == [number]


def test_finding_points_at_the_frames_of_its_own_map(
    objects: dict[str, FileDataset], content: highdicom.sr.MeasurementReport
) -> None:
    maps = objects["attribution"]
    for group in content.get_image_measurement_groups():
        if group.tracking_identifier not in ("pneumonia", "heart_failure"):
            continue
        (image,) = find_content_items(group[0], name=codes.DCM.BestIllustrationOfFinding)
        assert image.referenced_sop_instance_uid == maps.SOPInstanceUID
        frames = [maps.PerFrameFunctionalGroupsSequence[number - 1] for number in image.referenced_frame_numbers]
        explained = {one.RealWorldValueMappingSequence[0].LUTExplanation for one in frames}
        assert explained == {f"Grad-CAM of {group.tracking_identifier.replace('_', ' ')}"} and len(frames) == 6


def test_every_reference_leads_to_evidence(objects: dict[str, FileDataset]) -> None:
    dataset = objects["report"]
    evidence = {
        image.ReferencedSOPInstanceUID
        for study in dataset.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for image in series.ReferencedSOPSequence
    }
    root = Comprehensive3DSR.from_dataset(dataset).content[0]
    told = {item.referenced_sop_instance_uid for item in find_content_items(root, value_type="IMAGE", recursive=True)}
    others = {one.SOPInstanceUID for kind, one in objects.items() if kind != "report"}
    assert others <= told == evidence and len(evidence) == 6 + 3


def test_report_says_who_observed_and_that_nobody_verified(objects: dict[str, FileDataset]) -> None:
    dataset = objects["report"]
    assert (dataset.CompletionFlag, dataset.VerificationFlag, dataset.PreliminaryFlag) == (
        "COMPLETE",
        "UNVERIFIED",
        "PRELIMINARY",
    )
    root = Comprehensive3DSR.from_dataset(dataset).content[0]
    (comment,) = find_content_items(root, name=codes.DCM.Comment)
    assert comment.value == COMMENT and "Not for diagnosis" in COMMENT
    (observer,) = find_content_items(root, name=codes.DCM.ObserverType)
    assert observer.value == codes.DCM.Device


def test_report_alone_is_valid(tmp_path: Path) -> None:
    _, context = film_study(tmp_path)
    result = write_report(report(volumes=False), context)
    assert dciodvfy_errors(result.data, tmp_path) == []


def test_volume_without_its_segment_is_refused(tmp_path: Path) -> None:
    results, context = ct_study(tmp_path)
    (segmentation, *_) = make_results(replace(results, maps=(), overlay=None), context)
    spleen = ReportContent(volumes=(ReportedVolume("spleen", 1.0),))
    for referred in (None, Referred(segmentation, segment_codes())):
        with pytest.raises(InputRejected, match="REPORT_INVALID.*spleen"):
            write_report(spleen, context, referred)
