"""What kind of object a DICOM file holds, by its SOP class (PS3.4 B.5) and modality: a film, a slice, or no image."""

from __future__ import annotations

from enum import StrEnum

import pydicom
from pydicom import uid

from monai_app.core.errors import InputRejected
from monai_app.dicom.film import MODALITIES as FILM_MODALITIES


class Kind(StrEnum):
    """Images that are read."""

    FILM = "film"
    SLICE = "slice"


SLICE_CLASSES = frozenset(
    {
        uid.CTImageStorage,
        uid.MRImageStorage,
        uid.PositronEmissionTomographyImageStorage,
        uid.EnhancedCTImageStorage,
        uid.EnhancedMRImageStorage,
        uid.EnhancedPETImageStorage,
        uid.LegacyConvertedEnhancedCTImageStorage,
        uid.LegacyConvertedEnhancedMRImageStorage,
        uid.LegacyConvertedEnhancedPETImageStorage,
    }
)
"""One plane of a volume a file, or several (enhanced)."""

_REFUSED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("IS_DICOMDIR", "a directory of a medium", ("MediaStorageDirectory",)),
    ("IS_SEGMENTATION", "a segmentation", ("Segmentation", "SurfaceSegmentation", "LabelMapSegmentation")),
    ("IS_PARAMETRIC_MAP", "a parametric map", ("ParametricMap",)),
    ("IS_STRUCTURE_SET", "a radiotherapy structure set", ("RTStructureSet",)),
    ("IS_DOSE", "a dose object", ("RTDose", "XRayRadiationDoseSR", "PatientRadiationDoseSR")),
    ("IS_PRESENTATION", "a presentation state", ("PresentationState",)),
    ("IS_ANNOTATION", "annotations", ("Annotations",)),
    ("IS_REPORT", "a structured report", ("SR", "KeyObjectSelectionDocument")),
    ("IS_DOCUMENT", "a document", ("Encapsulated",)),
    ("IS_WAVEFORM", "a waveform", ("Waveform", "ECG")),
    ("IS_REGISTRATION", "a registration", ("Registration", "Fiducials")),
    ("IS_RAW_DATA", "raw data", ("RawData",)),
)
"""Code, name for people, and what the keyword of the SOP class contains; the first that fits."""

_BY_MODALITY = {"SEG": "Segmentation", "SR": "SR", "PR": "PresentationState", "KO": "KeyObjectSelectionDocument"}
"""For SOP classes that are newer than pydicom's dictionary."""


def kind_of(header: pydicom.Dataset, sop_class: str) -> Kind:
    """What to read the file as.

    Args:
        sop_class: SOP class UID of the dataset, or of the file meta information where the dataset has none.

    Raises:
        InputRejected: ``IS_SEGMENTATION`` and its like for objects that are no images, ``SECONDARY_CAPTURE`` for screen
            shots, ``WRONG_MODALITY`` for images that nothing here reads.
    """
    modality = str(header.get("Modality") or "")
    keyword = (uid.UID(sop_class).keyword if sop_class else "") or _BY_MODALITY.get(modality, "")
    for code, name, parts in _REFUSED:
        if any(_holds(keyword, part) for part in parts):
            raise InputRejected(code, f"the file holds {name}, no acquired image", expected="a film, CT, MR or PET")
    if modality in FILM_MODALITIES:
        return Kind.FILM
    if sop_class in SLICE_CLASSES:
        return Kind.SLICE
    if "SecondaryCapture" in keyword:
        raise InputRejected(
            "SECONDARY_CAPTURE", "the file is a secondary capture, no acquisition", expected="a film, CT, MR or PET"
        )
    raise InputRejected(
        "WRONG_MODALITY",
        "the image is of a modality that nothing here reads",
        got=modality if modality.isalpha() and len(modality) <= 4 else "",
        expected="CR, DX, RG, CT, MR or PT",
    )


def _holds(keyword: str, part: str) -> bool:
    if part == "SR":  # ComprehensiveSRStorage, Comprehensive3DSRStorage, EnhancedSRStorage ...
        return "SRStorage" in keyword or keyword == part
    return part in keyword
