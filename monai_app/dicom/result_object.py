"""Finishing a result: patient, equipment, dates and UIDs in, nothing of chance or of the clock left in its bytes."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import pydicom
from highdicom import ContributingEquipment
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import UID, ExplicitVRLittleEndian

from monai_app.dicom.equipment import NOT_FOR_DIAGNOSIS, Algorithm, Equipment
from monai_app.dicom.identifier import derived_uid
from monai_app.dicom.quiet import quietly
from monai_app.dicom.source_images import SourceImages
from monai_app.dicom.study import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION


class ResultKind(StrEnum):
    """Objects that we write about a study."""

    SEGMENTATION = "segmentation"
    ATTRIBUTION = "attribution"
    CAPTURE = "capture"
    REPORT = "report"


_SERIES_NUMBERS = {
    ResultKind.SEGMENTATION: 9001,
    ResultKind.ATTRIBUTION: 9002,
    ResultKind.CAPTURE: 9003,
    ResultKind.REPORT: 9004,
}
"""Behind those of any scanner."""

_DESCRIPTIONS = {
    ResultKind.SEGMENTATION: "AI segmentation",
    ResultKind.ATTRIBUTION: "AI attribution",
    ResultKind.CAPTURE: "AI overlay",
    ResultKind.REPORT: "AI measurements",
}


_DESCRIPTION_CHARACTERS = 1024
"""Longest contribution description (VR ST)."""


@dataclass(frozen=True, eq=False)
class ResultContext:
    """What all results of one run on one study share.

    Attributes:
        source: the images that they are about.
        equipment: of the site.
        algorithm: that found them.
        created: when; given, not taken from the clock, so that the same run writes the same bytes.
    """

    source: SourceImages
    equipment: Equipment
    algorithm: Algorithm
    created: datetime

    def uid(self, *parts: int | str) -> str:
        """A UID that follows from the images, the algorithm with its weights and settings, and ``parts``.

        The same study through the same model gives the same UIDs, so that an archive keeps one result; one more slice,
        other weights or another setting give others.
        """
        algorithm = self.algorithm
        settings = [text for pair in sorted(algorithm.settings.items()) for text in pair]
        return derived_uid("result", *self.source.identity, algorithm.name, algorithm.version, *settings, *parts)

    def arguments(self, kind: ResultKind) -> dict[str, Any]:
        """What every constructor of highdicom takes."""
        return {
            "series_instance_uid": self.uid(kind, "series"),
            "series_number": _SERIES_NUMBERS[kind],
            "sop_instance_uid": self.uid(kind, "instance"),
            "instance_number": 1,
            "manufacturer": self.equipment.manufacturer,
            "manufacturer_model_name": self.equipment.model,
            "software_versions": self.equipment.software_version,
            "device_serial_number": self.equipment.serial_number,
            "series_description": f"{_DESCRIPTIONS[kind]} - {NOT_FOR_DIAGNOSIS.lower()}",
            "content_date": self.created.date(),
            "content_time": self.created.time(),
            "contributing_equipment": [self._model()],
        }

    def _model(self) -> ContributingEquipment:
        """The model as processing equipment (PS3.3 C.12.1.1.5): the one place that every kind of object has for it."""
        settings = ", ".join(f"{key} {value}" for key, value in self.algorithm.settings.items())
        return ContributingEquipment(
            manufacturer=self.equipment.manufacturer,
            purpose_of_reference=codes.DCM.ProcessingEquipment,
            manufacturer_model_name=self.algorithm.name,
            software_versions=self.algorithm.version,
            contribution_datetime=self.created,
            contribution_description=f"{NOT_FOR_DIAGNOSIS}; {settings}"[:_DESCRIPTION_CHARACTERS],
        )


@dataclass(frozen=True, eq=False)
class ResultObject:
    """A finished result.

    Attributes:
        kind: which.
        dataset: to refer to; it names the patient.
        data: the file.
    """

    kind: ResultKind
    dataset: Dataset
    data: bytes


def finished(dataset: Dataset, context: ResultContext, kind: ResultKind) -> ResultObject:
    """A result as the bytes of a file, the same for the same input.

    Args:
        dataset: as highdicom made it; changed in place.
    """
    with quietly(), pydicom.config.disable_value_validation():
        dataset.update(context.source.patient.elements)
        for name, value in _site(context.equipment).items():
            setattr(dataset, name, value)
        _settle_times(dataset, context.created)
        _settle_dimensions(dataset, context.uid(kind, "dimensions"))
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.file_meta = _meta(dataset)
        stream = io.BytesIO()
        pydicom.dcmwrite(stream, dataset, enforce_file_format=True)
    return ResultObject(kind, dataset, stream.getvalue())


def _site(equipment: Equipment) -> Mapping[str, str]:
    known = {"InstitutionName": equipment.institution, "StationName": equipment.station}
    return {name: value for name, value in known.items() if value}


def _settle_times(dataset: Dataset, created: datetime) -> None:
    """Highdicom asks the clock in several places."""
    date, time = created.strftime("%Y%m%d"), created.strftime("%H%M%S")
    for part in ("InstanceCreation", "Content", "Series", "OfSecondaryCapture"):
        names = (f"Date{part}", f"Time{part}") if part.startswith("Of") else (f"{part}Date", f"{part}Time")
        if part == "Series" or names[0] in dataset:
            setattr(dataset, names[0], date)
            setattr(dataset, names[1], time)
    for item in dataset.get("ContributingEquipmentSequence", ()):
        if "ContributionDateTime" in item:
            item.ContributionDateTime = date + time


def _settle_dimensions(dataset: Dataset, uid: str) -> None:
    """Highdicom draws a UID for the organisation of the frames."""
    for item in _items(dataset, "DimensionOrganizationSequence", "DimensionIndexSequence"):
        item.DimensionOrganizationUID = uid


def _items(dataset: Dataset, *names: str) -> Iterator[Dataset]:
    for name in names:
        yield from dataset.get(name) or ()


def _meta(dataset: Dataset) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(dataset.SOPClassUID)
    meta.MediaStorageSOPInstanceUID = UID(dataset.SOPInstanceUID)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    return meta
