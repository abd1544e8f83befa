"""The measurement groups of a report (PS3.16 TID 1411, TID 1501): a finding, a structure, an input, the pictures.

Concepts that PS3.16 has no code for carry one of our own scheme (concept.py). An interval is written as the range of
measurement uncertainty above and below the value (CID 225), with its level beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from highdicom.sr import (
    AlgorithmIdentification,
    CodedConcept,
    ContentItem,
    ImageContentItem,
    Measurement,
    MeasurementProperties,
    MeasurementsAndQualitativeEvaluations,
    NumContentItem,
    QualitativeEvaluation,
    ReferencedSegment,
    RelationshipTypeValues,
    SourceImageForMeasurementGroup,
    SourceSeriesForSegmentation,
    TrackingIdentifier,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from monai_app.dicom.concept import Concept, private_concept
from monai_app.dicom.report_content import Interval, ModalityShare, ReportedFinding, ReportedVolume
from monai_app.dicom.segment_codes import SegmentCode

MILLILITRE = Concept("UCUM", "ml", "milliliter")
ONE = Concept("UCUM", "1", "no units")
ABSTAINED = private_concept("model abstains")
THRESHOLD = private_concept("decision threshold")
LEVEL = private_concept("confidence level of the uncertainty range")
MODALITY_WEIGHT = private_concept("weight of the input in the prediction")
RELIABILITY = private_concept("reliability of the input")
AVAILABLE = private_concept("input available")
INPUT = private_concept("input of the model")
PICTURES = private_concept("pictures of the results")

MeasurementGroup = MeasurementsAndQualitativeEvaluations | VolumetricROIMeasurementsAndQualitativeEvaluations

_DECIMALS = 6
"""Fits DS (16 characters)."""

_FILM_MODALITIES = ("CR", "DX", "RG")


@dataclass(frozen=True, eq=False)
class GroupContext:
    """What groups of a report share.

    Attributes:
        algorithm: that measured.
        tracking_uids: of every tracking identifier.
        sources: headers of the images.
    """

    algorithm: AlgorithmIdentification
    tracking_uids: dict[str, str]
    sources: Sequence[Dataset]

    def tracking(self, name: str) -> TrackingIdentifier:
        """What the thing is called from study to study."""
        return TrackingIdentifier(uid=self.tracking_uids[name], identifier=name)

    def film(self) -> list[SourceImageForMeasurementGroup] | None:
        """The film that was looked at; a series is referred to in the image library."""
        first = self.sources[0]
        if first.Modality not in _FILM_MODALITIES:
            return None
        return [SourceImageForMeasurementGroup(first.SOPClassUID, first.SOPInstanceUID)]


def finding_group(
    finding: ReportedFinding, context: GroupContext, pictures: Sequence[ImageContentItem]
) -> MeasurementsAndQualitativeEvaluations:
    """A label: present or absent, how probable, how surely, and whether the model stands by it."""
    presence = codes.SCT.Present if finding.present else codes.SCT.Absent
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=context.tracking(finding.name),
        finding_type=(finding.code or private_concept(finding.name)).coded(),
        algorithm_id=context.algorithm,
        source_images=context.film(),
        measurements=[
            _measurement(codes.DCM.Probability, finding.probability, ONE, finding.interval),
            _measurement(THRESHOLD.coded(), finding.threshold, ONE, None),
        ],
        qualitative_evaluations=[
            QualitativeEvaluation(codes.DCM.PresenceOfProperty, presence),
            QualitativeEvaluation(ABSTAINED.coded(), _yes(finding.abstained)),
        ],
    )
    group[0].ContentSequence.extend(pictures)
    return group


def volume_group(
    volume: ReportedVolume, segment: SegmentCode, number: int, segmentation: Dataset, context: GroupContext
) -> VolumetricROIMeasurementsAndQualitativeEvaluations:
    """A structure's volume, of the segment that it was counted in."""
    return VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=context.tracking(volume.name),
        referenced_segment=ReferencedSegment(
            sop_class_uid=segmentation.SOPClassUID,
            sop_instance_uid=segmentation.SOPInstanceUID,
            segment_number=number,
            source_series=SourceSeriesForSegmentation(context.sources[0].SeriesInstanceUID),
        ),
        finding_category=segment.category.coded(),
        finding_type=segment.type.coded(),
        algorithm_id=context.algorithm,
        measurements=[_measurement(codes.SCT.Volume, volume.volume_ml, MILLILITRE, volume.interval)],
    )


def modality_group(share: ModalityShare, context: GroupContext) -> MeasurementsAndQualitativeEvaluations:
    """What an input counted for."""
    measurements = [_measurement(MODALITY_WEIGHT.coded(), share.weight, ONE, None)]
    if share.reliability is not None:
        measurements.append(_measurement(RELIABILITY.coded(), share.reliability, ONE, None))
    return MeasurementsAndQualitativeEvaluations(
        tracking_identifier=context.tracking(modality_tracking(share)),
        finding_category=INPUT.coded(),
        finding_type=private_concept(share.name).coded(),
        algorithm_id=context.algorithm,
        measurements=measurements,
        qualitative_evaluations=[QualitativeEvaluation(AVAILABLE.coded(), _yes(share.present))],
    )


def pictures_group(
    pictures: Sequence[ImageContentItem], context: GroupContext
) -> MeasurementsAndQualitativeEvaluations:
    """Where to look: the overlay, the maps and the masks."""
    group = MeasurementsAndQualitativeEvaluations(
        tracking_identifier=context.tracking(PICTURES.meaning),
        finding_type=PICTURES.coded(),
        algorithm_id=context.algorithm,
    )
    group[0].ContentSequence.extend(pictures)
    return group


def modality_tracking(share: ModalityShare) -> str:
    """An input may be called as a finding is."""
    return f"input {share.name}"


def picture(dataset: Dataset, frames: Sequence[int] = ()) -> ImageContentItem:
    """A reference to an image that shows the finding.

    Args:
        frames: numbers from 1; empty refers to all.
    """
    return ImageContentItem(
        name=codes.DCM.BestIllustrationOfFinding,
        referenced_sop_class_uid=dataset.SOPClassUID,
        referenced_sop_instance_uid=dataset.SOPInstanceUID,
        referenced_frame_numbers=list(frames) or None,
        relationship_type=RelationshipTypeValues.CONTAINS,
    )


def _measurement(name: CodedConcept, value: float, unit: Concept, interval: Interval | None) -> Measurement:
    properties = None
    if interval is not None:
        properties = MeasurementProperties()
        properties.extend(_uncertainty(value, unit, interval))
    return Measurement(name=name, value=round(value, _DECIMALS), unit=unit.coded(), properties=properties)


def _uncertainty(value: float, unit: Concept, interval: Interval) -> list[ContentItem]:
    parts = (
        (codes.SCT.RangeOfUpperMeasurementUncertainty, interval.high - value, unit),
        (codes.SCT.RangeOfLowerMeasurementUncertainty, value - interval.low, unit),
        (LEVEL.coded(), interval.level, ONE),
    )
    return [
        NumContentItem(
            name=name,
            value=round(amount, _DECIMALS),
            unit=of.coded(),
            relationship_type=RelationshipTypeValues.HAS_PROPERTIES,
        )
        for name, amount, of in parts
    ]


def _yes(holds: bool) -> CodedConcept:
    answer = codes.SCT.Yes if holds else codes.SCT.No
    return CodedConcept.from_code(answer)
