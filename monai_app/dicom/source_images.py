"""The images that a result is about: their headers in the order of the volume, without anything that no result needs.

highdicom makes results from the headers of their sources. It is given none that names the patient, since it quotes
what it refuses: :class:`Patient` holds those elements aside until a result is finished (result_object.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID

from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import plan_series
from monai_app.dicom.film import read_film_header
from monai_app.dicom.functional_groups import ENHANCED_GROUPS
from monai_app.dicom.header import read_header
from monai_app.dicom.instance import Instance
from monai_app.dicom.series_geometry import affine_lps
from monai_app.dicom.series_options import DEFAULT_OPTIONS, SeriesOptions
from monai_app.dicom.volume import Affine, lps_to_ras

PATIENT_TAGS = (
    "PatientName",
    "PatientID",
    "IssuerOfPatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientIdentityRemoved",
    "DeidentificationMethod",
    "SyntheticData",
)
"""What DICOM requires of the patient (PS3.3 C.7.1.1), the issuer that makes the ID unique, and whether the patient is
de-identified or simulated. Age, weight, comments, other names and the rest of a source stay there."""

STUDY_TAGS = ("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName")
"""What DICOM requires of the study (PS3.3 C.7.2.1) besides its UID."""

_REQUIRED_EMPTY = ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", *STUDY_TAGS)
"""Type 2: there, but empty where unknown."""

_IMAGE_TAGS = (
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "Modality",
    "Rows",
    "Columns",
    "NumberOfFrames",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "PatientOrientation",
    "PixelSpacing",
    "ImagerPixelSpacing",
    "SliceThickness",
    "SpacingBetweenSlices",
    "LossyImageCompression",
    "LossyImageCompressionRatio",
    "LossyImageCompressionMethod",
    "BurnedInAnnotation",
)


@dataclass(frozen=True, eq=False)
class Patient:
    """Elements of patient and study, as a result takes them over. Never shown."""

    elements: Dataset = field(repr=False)


@dataclass(frozen=True, eq=False)
class SourceImages:
    """One series of slices, or one film.

    Attributes:
        patient: whose they are.
        headers: one a file, of slices in the order of the volume.
        frames: of each plane of the volume the place of its frame among the headers' frames.
        affine_ras: of the volume that the slices make, None of a film.
        shape: (columns, rows, planes).
    """

    patient: Patient
    headers: tuple[Dataset, ...] = field(repr=False)
    frames: tuple[int, ...]
    affine_ras: Affine | None
    shape: tuple[int, int, int]

    @property
    def modality(self) -> str:
        """CT, MR, PT, CR, DX or RG."""
        return str(self.headers[0].Modality)

    @property
    def identity(self) -> tuple[str, ...]:
        """Study and instances, whatever their order: what the UIDs of results follow from. Never shown."""
        return str(self.headers[0].StudyInstanceUID), *sorted(str(one.SOPInstanceUID) for one in self.headers)


def read_source_series(files: Sequence[Path | Instance], *, options: SeriesOptions = DEFAULT_OPTIONS) -> SourceImages:
    """The headers of the series that :func:`monai_app.dicom.assemble.read_series` makes a volume of.

    Args:
        options: as the volume was read with.

    Raises:
        InputRejected: ``SOURCE_REPAIRED`` where the volume was sheared or resampled and lies on no image any more;
            ``NO_UID``, ``NO_FRAME_OF_REFERENCE``; as :func:`monai_app.dicom.assemble.plan_series`.
    """
    plan = plan_series(files, options=options)
    if plan.tilted or plan.uneven:
        raise InputRejected(
            "SOURCE_REPAIRED",
            "the volume was sheared or resampled: its voxels are not those of the images",
            expected="a series that is read without repair",
            remedy="Write the result as NIfTI.",
        )
    slices = plan.stack.slices
    paths = list(dict.fromkeys(one.path for one in slices))
    if len(paths) > 1 and any(one.frame for one in slices):
        raise InputRejected(
            "SOURCE_SPLIT",
            "the series is spread over several multi-frame objects, which a result cannot refer to frame by frame",
            got=f"{len(paths)} objects",
            expected="one multi-frame object, or single frames",
        )
    opened = [_opened(path) for path in paths]
    if not opened[0].get("FrameOfReferenceUID"):
        raise InputRejected(
            "NO_FRAME_OF_REFERENCE",
            "the series does not name its frame of reference, which a result must refer to",
            expected="FrameOfReferenceUID",
            remedy="Export the series again with its original headers.",
        )
    rows, columns = slices[0].size
    return SourceImages(
        patient=_patient(opened[0]),
        headers=tuple(_image(one) for one in opened),
        frames=tuple(one.frame + paths.index(one.path) for one in slices),
        affine_ras=lps_to_ras(affine_lps(plan.stack, plan.step_mm)),
        shape=(columns, rows, len(slices)),
    )


def read_source_film(path: Path) -> SourceImages:
    """The header of a film.

    Raises:
        InputRejected: ``NO_UID``; as :func:`monai_app.dicom.film.read_film` of what a header tells.
    """
    read_film_header(path)
    opened = _opened(path)
    return SourceImages(
        patient=_patient(opened),
        headers=(_image(opened),),
        frames=(0,),
        affine_ras=None,
        shape=(int(opened.Columns), int(opened.Rows), 1),
    )


def _opened(path: Path) -> Dataset:
    wanted = [*_IMAGE_TAGS, *PATIENT_TAGS, *STUDY_TAGS, *ENHANCED_GROUPS, "SpecificCharacterSet"]
    header = read_header(Path(path), wanted).dataset
    for name in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"):
        value = header.get(name)
        if not value or not UID(str(value)).is_valid:
            raise InputRejected(
                "NO_UID",
                f"a source image has no valid {name}, which a result must refer to",
                expected="the UIDs of the original images",
                remedy="Export the images again with their original headers.",
            )
    return header


def _image(opened: Dataset) -> Dataset:
    """What highdicom may see: patient and study blank."""
    image = Dataset()
    for name in (*_IMAGE_TAGS, *ENHANCED_GROUPS):
        if name in opened:
            image[name] = opened[name]
    for name in _REQUIRED_EMPTY:
        setattr(image, name, "")
    image.file_meta = opened.file_meta
    return image


def _patient(opened: Dataset) -> Patient:
    """Text is decoded, since results are written in UTF-8."""
    elements = Dataset()
    for name in _REQUIRED_EMPTY:
        setattr(elements, name, "")
    for name in (*PATIENT_TAGS, *STUDY_TAGS):
        if opened.get(name):
            told = opened[name]
            elements.add(DataElement(told.tag, told.VR, str(told.value), validation_mode=pydicom.config.IGNORE))
    return Patient(elements)
