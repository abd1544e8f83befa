"""Films as DICOM files, sound and faulty."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import DigitalXRayImageStorageForPresentation, ExplicitVRLittleEndian, generate_uid


def ramp(height: int = 40, width: int = 32, *, low: int = 100, high: int = 3900) -> np.ndarray:
    """A diagonal ramp of stored values, (height, width) uint16."""
    rows, columns = np.mgrid[0:height, 0:width]
    return np.round(low + (high - low) * (rows / (height - 1) + columns / (width - 1)) / 2).astype(np.uint16)


def film_dataset(pixels: np.ndarray, **elements: Any) -> FileDataset:
    """A DX film holding ``pixels`` (12 bits stored in 16 by default); ``elements`` replace or, as None, remove."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = DigitalXRayImageStorageForPresentation
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=["film"])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    dataset.Modality, dataset.ViewPosition, dataset.BodyPartExamined = "DX", "AP", "CHEST"
    dataset.Rows, dataset.Columns = pixels.shape[:2]
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    allocated = pixels.dtype.itemsize * 8
    dataset.BitsAllocated, dataset.BitsStored = allocated, min(allocated, 12)
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = int(np.issubdtype(pixels.dtype, np.signedinteger))
    dataset.PixelSpacing = [0.2, 0.1]
    dataset.add_new("PixelData", "OW" if allocated == 16 else "OB", pixels.tobytes())
    for name, value in elements.items():
        if value is None:
            delattr(dataset, name)
        else:
            setattr(dataset, name, value)
    return dataset


def write_film(path: Path, pixels: np.ndarray | None = None, **elements: Any) -> Path:
    """Write :func:`film_dataset` (a ramp by default) and return the path."""
    with pydicom.config.disable_value_validation():
        film_dataset(ramp() if pixels is None else pixels, **elements).save_as(path, enforce_file_format=True)
    return path


def colour(photometric: str) -> dict[str, Any]:
    """The elements of a colour image of 40 x 32 pixels."""
    samples = 1 if photometric == "PALETTE COLOR" else 3
    data = np.arange(40 * 32 * samples, dtype=np.uint32).astype(np.uint8).tobytes()
    shape = {} if samples == 1 else {"PlanarConfiguration": 0}
    return {
        "PhotometricInterpretation": photometric,
        "SamplesPerPixel": samples,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelData": data,
        **shape,
    }
