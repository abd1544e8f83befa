"""Writing findings, volumes and modality shares as a Comprehensive 3D SR (PS3.3 A.35.13) of TID 1500.

Every label is reported, present or absent; the report is complete, unverified and preliminary: no person stands by it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from highdicom.coding_schemes import CodingSchemeIdentificationItem
from highdicom.sr import (
    Comprehensive3DSR,
    DeviceObserverIdentifyingAttributes,
    ImageContentItem,
    MeasurementReport,
    ObservationContext,
    ObserverContext,
    RelationshipTypeValues,
    TextContentItem,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from monai_app.core.errors import InputRejected
from monai_app.dicom.concept import PRIVATE_SCHEME
from monai_app.dicom.equipment import NOT_FOR_DIAGNOSIS
from monai_app.dicom.image_library import image_library
from monai_app.dicom.quiet import quietly
from monai_app.dicom.report_content import ReportContent, ReportedVolume
from monai_app.dicom.report_groups import (
    PICTURES,
    GroupContext,
    MeasurementGroup,
    finding_group,
    modality_group,
    modality_tracking,
    picture,
    pictures_group,
    volume_group,
)
from monai_app.dicom.result_object import ResultContext, ResultKind, ResultObject, finished
from monai_app.dicom.segment_codes import SegmentCode

COMMENT = f"{NOT_FOR_DIAGNOSIS}. Computed by a model and not read by a physician."

_PROCEDURES: Mapping[str, Code] = {
    "CT": codes.cid100.CTUnspecifiedBodyRegion,
    "MR": codes.cid100.MRIUnspecifiedBodyRegion,
    "PT": codes.cid100.PETUnspecifiedBodyRegion,
    "CR": codes.cid100.XRUnspecifiedBodyRegion,
    "DX": codes.cid100.XRUnspecifiedBodyRegion,
    "RG": codes.cid100.XRUnspecifiedBodyRegion,
}
"""Procedure reported (CID 100), by modality."""


@dataclass(frozen=True, eq=False)
class Referred:
    """The results that a report refers to.

    Attributes:
        segmentation: with ``segments``, which name the volumes' structures.
        attribution: with ``maps``: the names of its classes in the order of its mappings.
        capture: the overlay.
    """

    segmentation: ResultObject | None = None
    segments: Sequence[SegmentCode] = ()
    attribution: ResultObject | None = None
    maps: Sequence[str] = ()
    capture: ResultObject | None = None

    @property
    def datasets(self) -> list[Dataset]:
        """Those that are there."""
        return [one.dataset for one in (self.segmentation, self.attribution, self.capture) if one is not None]


def write_report(content: ReportContent, context: ResultContext, referred: Referred | None = None) -> ResultObject:
    """The report.

    Raises:
        InputRejected: ``REPORT_INVALID`` where a volume's structure is no segment of the segmentation.
    """
    objects = referred or Referred()
    with quietly():
        report = MeasurementReport(
            observation_context=_observer(context),
            procedure_reported=_PROCEDURES[context.source.modality],
            imaging_measurements=_groups(content, context, objects),
        )
        report[0].ContentSequence.insert(-1, image_library(context.source.headers))
        for text in (COMMENT, *content.remarks):
            report[0].ContentSequence.append(
                TextContentItem(codes.DCM.Comment, text, relationship_type=RelationshipTypeValues.CONTAINS)
            )
        dataset = Comprehensive3DSR(
            evidence=[*context.source.headers, *objects.datasets],
            content=report[0],
            is_complete=True,
            coding_schemes=[_scheme()],
            **context.arguments(ResultKind.REPORT),
        )
    return finished(dataset, context, ResultKind.REPORT)


def _observer(context: ResultContext) -> ObservationContext:
    """The observer is a device: the installation with its model."""
    equipment = context.equipment
    device = DeviceObserverIdentifyingAttributes(
        uid=context.uid("device", equipment.manufacturer, equipment.model, equipment.serial_number),
        name=context.algorithm.name,
        manufacturer_name=equipment.manufacturer,
        model_name=equipment.model,
        serial_number=equipment.serial_number,
    )
    return ObservationContext(observer_device_context=ObserverContext(codes.DCM.Device, device))


def _groups(content: ReportContent, context: ResultContext, referred: Referred) -> list[MeasurementGroup]:
    names = [one.name for one in content.findings] + [one.name for one in content.volumes]
    names += [*map(modality_tracking, content.modalities), PICTURES.meaning]
    shared = GroupContext(
        algorithm=context.algorithm.of_report(context.equipment.manufacturer),
        tracking_uids={name: context.uid("tracking", name) for name in names},
        sources=context.source.headers,
    )
    groups: list[MeasurementGroup] = [
        finding_group(one, shared, _maps_of(one.name, referred)) for one in content.findings
    ]
    groups += [_volume(one, referred, shared) for one in content.volumes]
    groups += [modality_group(one, shared) for one in content.modalities]
    if referred.datasets:
        groups.append(pictures_group([picture(one) for one in referred.datasets], shared))
    return groups


def _volume(volume: ReportedVolume, referred: Referred, shared: GroupContext) -> MeasurementGroup:
    numbers = {segment.name: number for number, segment in enumerate(referred.segments, 1)}
    if referred.segmentation is None or volume.name not in numbers:
        raise InputRejected(
            "REPORT_INVALID",
            "a volume is of a structure that the segmentation does not hold",
            got=volume.name,
            expected=", ".join(numbers) or "a segmentation",
        )
    number = numbers[volume.name]
    return volume_group(volume, referred.segments[number - 1], number, referred.segmentation.dataset, shared)


def _maps_of(name: str, referred: Referred) -> list[ImageContentItem]:
    """The frames of the map of a finding: mapping by mapping, plane by plane."""
    if referred.attribution is None or name not in referred.maps:
        return []
    dataset = referred.attribution.dataset
    planes = int(dataset.NumberOfFrames) // len(referred.maps)
    first = list(referred.maps).index(name) * planes
    return [picture(dataset, range(first + 1, first + planes + 1))]


def _scheme() -> CodingSchemeIdentificationItem:
    return CodingSchemeIdentificationItem(
        designator=PRIVATE_SCHEME, name="Findings, inputs and terms of monai-app that no standard has a code for"
    )
