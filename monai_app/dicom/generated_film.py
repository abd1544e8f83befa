"""Writing a film that a model drew, as Computed Radiography marked derived, synthetic and by which software.

Marks: SyntheticData YES (0008,001C), ImageType DERIVED / SECONDARY (PS3.3 C.7.6.1.1.2), a derivation in words, the
generator among the contributing equipment (C.12.1.1.5). There is no pixel spacing and no view: no detector took it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import ComputedRadiographyImageStorage

from monai_app.core.errors import InputRejected
from monai_app.dicom.study import StudyHeader, new_dataset, set_pixels, to_bytes

BITS = 12
NOTICE = "SYNTHETIC image drawn by a generative model. Shows no patient. Not for diagnosis."


@dataclass(frozen=True)
class Generator:
    """What drew a film.

    Attributes:
        manufacturer: of the software.
        model: name of the generative model.
        version: of its weights, such as the start of their hash.
    """

    manufacturer: str
    model: str
    version: str


def write_generated_film(
    film: NDArray[np.float32],
    study: StudyHeader,
    generator: Generator,
    *,
    sop_instance_uid: str,
    age_known: bool = True,
) -> bytes:
    """A film as the bytes of a DICOM file, the same bytes for the same input.

    Args:
        film: (rows, columns) in [0, 1], white for dense.
        study: whose ``synthetic`` must be true.
        age_known: whether the study's age is one; else none is written.

    Raises:
        InputRejected: ``PIXEL_FORMAT`` for values outside [0, 1].
    """
    assert study.synthetic
    if film.ndim != 2 or not np.isfinite(film).all() or film.min() < 0 or film.max() > 1:
        raise InputRejected("PIXEL_FORMAT", "pixels do not fit the film", expected="grey values in [0, 1]")
    dataset = new_dataset(study, sop_class_uid=ComputedRadiographyImageStorage, sop_instance_uid=sop_instance_uid)
    values: dict[str, object] = {
        "Modality": "CR",
        "ImageType": ["DERIVED", "SECONDARY", "SYNTHETIC"],
        "DerivationDescription": NOTICE,
        "ImageComments": NOTICE,
        "ContributingEquipmentSequence": [_equipment(generator)],
        "BodyPartExamined": "CHEST",
        "ViewPosition": "",
        "PatientOrientation": ["L", "F"],
        "SeriesNumber": 1,
        "InstanceNumber": 1,
        "BurnedInAnnotation": "NO",
        "LossyImageCompression": "00",
        "WindowCenter": float(1 << (BITS - 1)),
        "WindowWidth": float(1 << BITS),
        "RescaleIntercept": 0.0,
        "RescaleSlope": 1.0,
        "RescaleType": "US",
    }
    for name, value in values.items():
        setattr(dataset, name, value)
    if not age_known:
        del dataset.PatientAge
    stored = np.round(film * ((1 << BITS) - 1)).astype("<u2")
    rows, columns = stored.shape
    set_pixels(dataset, rows=rows, columns=columns, bits=BITS, data=stored.tobytes(), photometric="MONOCHROME2")
    return to_bytes(dataset)


def _equipment(generator: Generator) -> Dataset:
    purpose = Dataset()
    purpose.CodeValue, purpose.CodingSchemeDesignator = "109102", "DCM"
    purpose.CodeMeaning = "Processing Equipment"
    equipment = Dataset()
    equipment.PurposeOfReferenceCodeSequence = [purpose]
    equipment.Manufacturer = generator.manufacturer
    equipment.ManufacturerModelName = generator.model
    equipment.SoftwareVersions = generator.version
    equipment.ContributionDescription = NOTICE
    return equipment
