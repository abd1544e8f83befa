"""The image library of a report (PS3.16 TID 1600): the source images, each referred to once.

highdicom's wants descriptors that plain films do not have, and writes them for every slice; a group says the modality
and the frame of reference of all of its images at once (TID 1602).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from highdicom.sr import (
    CodeContentItem,
    ContainerContentItem,
    ContentItem,
    ContentSequence,
    ImageContentItem,
    RelationshipTypeValues,
    UIDRefContentItem,
)
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from monai_app.dicom.concept import Concept

MODALITIES: Mapping[str, Code] = {
    "CT": codes.cid29.ComputedTomography,
    "MR": codes.cid29.MagneticResonance,
    "PT": codes.cid29.PositronEmissionTomography,
    "CR": codes.cid29.ComputedRadiography,
    "DX": codes.cid29.DigitalRadiography,
    "RG": codes.cid29.RadiographicImaging,
}
"""Acquisition modality (CID 29)."""

_SOURCE = Concept("SCT", "260753009", "Source")


def image_library(sources: Sequence[Dataset]) -> ContainerContentItem:
    """The library.

    Args:
        sources: headers of the images of one series.
    """
    context = RelationshipTypeValues.HAS_ACQ_CONTEXT
    descriptors: list[ContentItem] = [
        CodeContentItem(codes.DCM.Modality, MODALITIES[str(sources[0].Modality)], relationship_type=context)
    ]
    frame = sources[0].get("FrameOfReferenceUID")
    if frame:
        descriptors.append(UIDRefContentItem(codes.DCM.FrameOfReferenceUID, str(frame), relationship_type=context))
    group = _container(codes.DCM.ImageLibraryGroup, [*descriptors, *map(_entry, sources)])
    return _container(codes.DCM.ImageLibrary, [group])


def _container(name: Code, items: Sequence[ContentItem]) -> ContainerContentItem:
    container = ContainerContentItem(name, relationship_type=RelationshipTypeValues.CONTAINS)
    container.ContentSequence = ContentSequence(items)
    return container


def _entry(image: Dataset) -> ImageContentItem:
    return ImageContentItem(
        name=_SOURCE.coded(),
        referenced_sop_class_uid=image.SOPClassUID,
        referenced_sop_instance_uid=image.SOPInstanceUID,
        relationship_type=RelationshipTypeValues.CONTAINS,
    )
