"""Folders of small DICOM images: studies, series and objects that are none, with one element set or removed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom import uid
from pydicom.uid import UID

from monai_app.dicom.identifier import derived_uid
from tests.faults.films import film_dataset

CLASSES = {"CT": uid.CTImageStorage, "MR": uid.MRImageStorage, "PT": uid.PositronEmissionTomographyImageStorage}


def write_slice(
    path: Path, *, study: str = "1", series: str = "1", index: int = 0, step_mm: float = 2.0, **elements: Any
) -> Path:
    """One axial plane of 8 x 8 pixels, ``step_mm`` from the next; ``elements`` replace or, as None, remove."""
    modality = elements.pop("Modality", "CT")
    sop_class = elements.pop("SOPClassUID", CLASSES.get(modality, uid.CTImageStorage))
    sop_uid = derived_uid(study, series, index)
    placed: dict[str, Any] = {
        "Modality": modality,
        "SOPClassUID": sop_class,
        "SOPInstanceUID": sop_uid,
        "StudyInstanceUID": derived_uid("study", study),
        "SeriesInstanceUID": derived_uid("series", study, series),
        "ImagePositionPatient": [0.0, 0.0, step_mm * index],
        "ImageOrientationPatient": [1.0, 0.0, 0.0, 0.0, 1.0, 0.0],
        "SliceThickness": 2.0,
        "RescaleSlope": 1.0,
        "RescaleIntercept": -1024.0,
        "ViewPosition": None,
        "InstanceNumber": index + 1,
    }
    with pydicom.config.disable_value_validation():
        pixels = np.arange(64, dtype=np.uint16).reshape(8, 8) + index
        dataset = film_dataset(pixels, **placed)
        dataset.file_meta.MediaStorageSOPClassUID = UID(sop_class or CLASSES["CT"])
        dataset.file_meta.MediaStorageSOPInstanceUID = UID(sop_uid)
        for name, value in elements.items():
            if value is None:
                delattr(dataset, name)
            else:
                setattr(dataset, name, value)
        path.parent.mkdir(parents=True, exist_ok=True)
        dataset.save_as(path, enforce_file_format=True)
    return path


def write_slices(folder: Path, count: int = 4, **elements: Any) -> Path:
    """A series of ``count`` planes; returns the folder."""
    stem = f"{elements.get('study', '1')}-{elements.get('series', '1')}"
    for index in range(count):
        write_slice(folder / f"{stem}-{index}.dcm", index=index, **elements)
    return folder
