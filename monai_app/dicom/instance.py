"""One image file as its header tells it: what it is, where it belongs, and the elements that readers and rules need."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import pydicom

from monai_app.core.atomic import content_hash
from monai_app.core.errors import InputRejected
from monai_app.dicom.display import DISPLAY_TAGS
from monai_app.dicom.element_memo import ElementMemo
from monai_app.dicom.header import Header, read_header
from monai_app.dicom.objects import Kind, kind_of
from monai_app.dicom.slice_header import SLICE_TAGS
from monai_app.dicom.stored import PIXEL_TAGS

_MAGIC_AT = 128
"""Bytes of preamble before "DICM" (PS3.10 7.1)."""

_UID = re.compile(r"[0-9]+(\.[0-9]+)*")

_UID_CHARACTERS = 64
"""Longest UID (PS3.5 9.1)."""

_DEFAULTS = "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "FrameOfReferenceUID"

_GEOMETRY_TAGS = [
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "EstimatedRadiographicMagnificationFactor",
    "SliceThickness",
    "SpacingBetweenSlices",
    "GantryDetectorTilt",
    "InstanceNumber",
    "AcquisitionNumber",
    "TemporalPositionIdentifier",
    "RescaleType",
    "Units",
]

_DESCRIPTION_TAGS = [
    "Modality",
    "ImageType",
    "Manufacturer",
    "ManufacturerModelName",
    "BodyPartExamined",
    "ViewPosition",
    "ImageLaterality",
    "SeriesDescription",
    "SeriesNumber",
    "ProtocolName",
    "ContrastBolusAgent",
    "ConvolutionKernel",
    "KVP",
    "ScanningSequence",
    "SequenceVariant",
    "SequenceName",
    "MRAcquisitionType",
    "RepetitionTime",
    "EchoTime",
    "InversionTime",
    "FlipAngle",
    "MagneticFieldStrength",
]

INSTANCE_TAGS = [*_DEFAULTS, *PIXEL_TAGS, *DISPLAY_TAGS, *_GEOMETRY_TAGS, *_DESCRIPTION_TAGS]
"""All that is read of a header; names, dates and identifiers of the patient are not among it."""

_LATER_TAGS = [name for name in SLICE_TAGS if name not in INSTANCE_TAGS]
"""What the reader of a series wants besides: held as bytes, so that no file is parsed twice."""

_FINGERPRINT = (
    "Modality",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImageOrientationPatient",
    "FrameOfReferenceUID",
    "SeriesDescription",
    "ConvolutionKernel",
    "EchoTime",
    "SliceThickness",
)


@dataclass(frozen=True, eq=False)
class Instance:
    """An image file. Only its kind and SOP class are ever shown.

    Attributes:
        kind: film or slice.
        sop_class: SOP class UID.
        path: the file.
        sop_uid: SOP Instance UID, of the file meta information where the dataset has none; "" where both lack it.
        study: StudyInstanceUID, else a stand-in (``named`` is False then).
        series: SeriesInstanceUID, else a stand-in made of the folder and of what slices of one series share.
        named: the file has both UIDs.
        opened: the elements of INSTANCE_TAGS with the file meta information, and where they end.
    """

    kind: Kind
    sop_class: str
    path: Path = field(repr=False)
    sop_uid: str = field(repr=False)
    study: str = field(repr=False)
    series: str = field(repr=False)
    named: bool
    opened: Header = field(repr=False)

    @property
    def header(self) -> pydicom.Dataset:
        """The elements."""
        return self.opened.dataset


def read_instance(path: Path, memo: ElementMemo | None = None) -> Instance:
    """Read the header of an image file.

    Args:
        memo: of the other files of the folder.

    Raises:
        InputRejected: ``FILE_NOT_FOUND``, ``NOT_DICOM``, ``DICOM_UNREADABLE``, ``TRANSFER_SYNTAX``, ``UID_INVALID``,
            or what :func:`monai_app.dicom.objects.kind_of` raises for what is no film and no slice.
    """
    _check_magic(path)
    opened = read_header(path, INSTANCE_TAGS, later=_LATER_TAGS, memo=memo)
    header = opened.dataset
    sop_class = _uid(header, "SOPClassUID") or _uid(header.file_meta, "MediaStorageSOPClassUID")
    kind = kind_of(header, sop_class)
    study, series = _uid(header, "StudyInstanceUID"), _uid(header, "SeriesInstanceUID")
    return Instance(
        kind=kind,
        sop_class=sop_class,
        path=path,
        sop_uid=_uid(header, "SOPInstanceUID") or _uid(header.file_meta, "MediaStorageSOPInstanceUID"),
        study=study or f"folder {content_hash(str(path.parent))}",
        series=series or f"alike {content_hash([str(path.parent), *(str(header.get(name)) for name in _FINGERPRINT)])}",
        named=bool(study and series),
        opened=opened,
    )


def _check_magic(path: Path) -> None:
    if not path.is_file():
        raise InputRejected("FILE_NOT_FOUND", "an image file is missing", remedy="Check the path that was given.")
    try:
        with path.open("rb") as stream:
            start = stream.read(_MAGIC_AT + 4)
    except OSError as error:
        raise InputRejected("FILE_UNREADABLE", "a file cannot be read", got=type(error).__name__) from None
    if start[_MAGIC_AT:] != b"DICM":
        raise InputRejected("NOT_DICOM", "a file is no DICOM file", expected="a DICOM Part 10 file (PS3.10)")


def _uid(dataset: pydicom.Dataset, name: str) -> str:
    """The UID, "" where there is none.

    Raises:
        InputRejected: ``UID_INVALID``; such values have been used to write outside a folder.
    """
    value = dataset.get(name)
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > _UID_CHARACTERS or not _UID.fullmatch(value):
        raise InputRejected("UID_INVALID", f"{name} is no UID", expected=f"digits and dots, at most {_UID_CHARACTERS}")
    return value
