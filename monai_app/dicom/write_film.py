"""Writing a chest film as a Digital X-Ray (DX) or Computed Radiography (CR) image (DICOM PS3.3 A.26, A.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from pydicom.uid import ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation

from monai_app.core.errors import InputRejected
from monai_app.dicom.study import StudyHeader, new_dataset, set_pixels, to_bytes


class FilmModality(StrEnum):
    """Kinds of film."""

    DX = "DX"
    CR = "CR"


@dataclass(frozen=True)
class FilmHeader:
    """What is particular to a film.

    Attributes:
        view: ViewPosition, PA or AP.
        monochrome1: the stored values are dark where they are high.
        bits: bits used of each 16-bit pixel.
        pixel_mm: distance of pixel centres at the detector.
        source_to_detector_mm: of the exposure.
    """

    study: StudyHeader
    modality: FilmModality
    sop_instance_uid: str
    view: str
    monochrome1: bool
    bits: int
    pixel_mm: float
    source_to_detector_mm: float


def write_film(pixels: npt.NDArray[np.uint16], header: FilmHeader) -> bytes:
    """A film as the bytes of a DICOM file, the same bytes for the same input.

    Args:
        pixels: (rows, columns); the patient's right is at the left edge.

    Raises:
        InputRejected: ``PIXEL_FORMAT`` when the pixels are not 16-bit grey within ``bits``.
    """
    if pixels.dtype != np.uint16 or pixels.ndim != 2 or int(pixels.max()) >= 1 << header.bits:
        raise InputRejected(
            "PIXEL_FORMAT",
            "pixels do not fit the film",
            got=str(pixels.dtype),
            expected=f"uint16 below 2^{header.bits}",
        )
    digital = header.modality is FilmModality.DX
    sop_class = DigitalXRayImageStorageForPresentation if digital else ComputedRadiographyImageStorage
    dataset = new_dataset(header.study, sop_class_uid=sop_class, sop_instance_uid=header.sop_instance_uid)
    common = {
        "Modality": header.modality.value,
        "ImageType": ["ORIGINAL", "PRIMARY", ""],
        "BodyPartExamined": "CHEST",
        "ViewPosition": header.view,
        "PatientOrientation": ["L", "F"],
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "PixelSpacing": [header.pixel_mm, header.pixel_mm],
        "ImagerPixelSpacing": [header.pixel_mm, header.pixel_mm],
        "PixelSpacingCalibrationType": "GEOMETRY",
        "PixelSpacingCalibrationDescription": "At the detector",
        "DistanceSourceToDetector": header.source_to_detector_mm,
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
        "WindowCenter": float(1 << (header.bits - 1)),
        "WindowWidth": float(1 << header.bits),
        "RescaleIntercept": 0.0,
        "RescaleSlope": 1.0,
        "RescaleType": "US",
    }
    for name, value in (common | (_digital(header) if digital else {})).items():
        setattr(dataset, name, value)
    photometric = "MONOCHROME1" if header.monochrome1 else "MONOCHROME2"
    rows, columns = pixels.shape
    data = np.ascontiguousarray(pixels).astype("<u2").tobytes()
    set_pixels(dataset, rows=rows, columns=columns, bits=header.bits, data=data, photometric=photometric)
    return to_bytes(dataset)


def _digital(header: FilmHeader) -> dict[str, object]:
    """What DX requires beyond CR (PS3.3 C.8.11.1 to C.8.11.3)."""
    return {
        "PresentationIntentType": "FOR PRESENTATION",
        "PresentationLUTShape": "INVERSE" if header.monochrome1 else "IDENTITY",
        "PixelIntensityRelationship": "LOG",
        "PixelIntensityRelationshipSign": 1 if header.monochrome1 else -1,
        "ImageLaterality": "U",
        "DetectorType": "SCINTILLATOR",
        "PositionerType": "",
        "AcquisitionContextSequence": [],
        "AnatomicRegionSequence": [],
        "ViewCodeSequence": [],
    }
