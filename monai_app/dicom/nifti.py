"""Volumes from NIfTI files, by nibabel.

NIfTI-1 says where voxels lie twice, as sform and as qform; a file whose two disagree, or that has neither, is
rejected, since every reader then picks another one.
"""

# mypy: disable-error-code="no-untyped-call,attr-defined"
from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np

from monai_app.core.errors import InputRejected
from monai_app.dicom.quiet import quietly
from monai_app.dicom.volume import Affine, Volume
from monai_app.dicom.volume_checks import Values, VolumeKind, checked_volume, unreadable, volume_shape
from monai_app.dicom.volume_grid import corners_apart_mm

QFORM_TOLERANCE_MM = 0.3
"""How far a corner may move between sform and qform. A quaternion keeps b, c, d as float32 and leaves a to
sqrt(1 - b^2 - c^2 - d^2): near half turns that costs 8e-4 rad, 0.2 mm at 250 mm (dcm2niix's files show 0.06 mm)."""


def read_nifti(path: Path, *, kind: VolumeKind = VolumeKind.IMAGE) -> Volume:
    """A NIfTI volume of three axes; integers keep their precision where the file does not scale them, else float32.

    Raises:
        InputRejected: ``NIFTI_UNREADABLE``, ``NOT_A_VOLUME``, ``TOO_LARGE``, ``NO_GEOMETRY`` (neither sform nor
            qform), ``AFFINE_CONFLICT`` (they differ), ``GEOMETRY_INVALID``, ``NOT_FINITE``, ``NO_CONTENT`` or
            ``NOT_LABELS``.
    """
    try:
        with quietly():
            image = nibabel.Nifti1Image.from_filename(path)
        shape = volume_shape(tuple(map(int, image.shape)), bytes_each=image.get_data_dtype().itemsize)
        affine = _nifti_affine(image, shape)
        slope, intercept = image.dataobj.slope, image.dataobj.inter
        values = np.asarray(image.dataobj.get_unscaled()).reshape(shape)
    except InputRejected:
        raise
    except Exception as error:  # a parser of foreign bytes may raise anything; nothing of it is shown
        raise unreadable("NIFTI_UNREADABLE", error) from None
    return checked_volume(_scaled(values, float(slope), float(intercept)), affine, source="nifti", kind=kind)


def _nifti_affine(image: nibabel.Nifti1Image, shape: tuple[int, ...]) -> Affine:
    header = image.header
    unit = {"mm": 1.0, "unknown": 1.0, "meter": 1000.0, "micron": 0.001}[header.get_xyzt_units()[0]]
    (sform, s_code), (qform, q_code) = header.get_sform(coded=True), header.get_qform(coded=True)
    if s_code == 0 and q_code == 0:
        raise InputRejected(
            "NO_GEOMETRY",
            "a NIfTI file has neither sform nor qform: left and right are unknown",
            expected="an sform or a qform",
            remedy="Convert it again from its source.",
        )
    if s_code and q_code and corners_apart_mm(sform * unit, qform * unit, shape) > QFORM_TOLERANCE_MM:
        apart = corners_apart_mm(sform * unit, qform * unit, shape)
        raise InputRejected(
            "AFFINE_CONFLICT",
            "sform and qform of a NIfTI file put its voxels at different places",
            got=f"{apart:.2f} mm apart",
            expected=f"within {QFORM_TOLERANCE_MM} mm",
            remedy="Find out which one is right, and write it to both.",
        )
    affine = np.asarray(sform if s_code else qform, np.float64).copy()
    affine[:3] *= unit
    return affine


def _scaled(values: Values, slope: float, intercept: float) -> Values:
    if (slope, intercept) == (1.0, 0.0):
        return values
    return (values.astype(np.float64) * slope + intercept).astype(np.float32)
