"""Volumes from NRRD files, by SimpleITK."""
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK

from monai_app.core.errors import InputRejected
from monai_app.dicom.volume import Volume, lps_to_ras
from monai_app.dicom.volume_checks import VolumeKind, checked_volume, no_volume, unreadable, volume_shape

_HEADER_BYTES = 1 << 20
"""Longer headers than any writer makes."""


def read_nrrd(path: Path, *, kind: VolumeKind = VolumeKind.IMAGE) -> Volume:
    """A NRRD volume of three axes; its header must name the space it is in.

    Raises:
        InputRejected: ``NRRD_UNREADABLE``, ``PATH_OUTSIDE``, ``NOT_A_VOLUME``, ``TOO_LARGE``, ``NO_GEOMETRY``,
            ``GEOMETRY_INVALID``, ``NOT_FINITE``, ``NO_CONTENT`` or ``NOT_LABELS``.
    """
    _check_inside(path)
    try:
        reader = SimpleITK.ImageFileReader()
        reader.SetImageIO("NrrdImageIO")
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        shape = volume_shape(reader.GetSize())
        if reader.GetNumberOfComponents() != 1:
            raise no_volume(f"{reader.GetNumberOfComponents()} values a voxel")
        if "NRRD_space" not in reader.GetMetaDataKeys():
            raise InputRejected(
                "NO_GEOMETRY",
                "a NRRD file names no space: left and right are unknown",
                expected="space: left-posterior-superior, or another of the patient",
                remedy="Convert it again from its source.",
            )
        image = reader.Execute()
    except RuntimeError as error:
        raise unreadable("NRRD_UNREADABLE", error) from None
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    values = SimpleITK.GetArrayFromImage(image).transpose(2, 1, 0).reshape(shape)
    return checked_volume(values, lps_to_ras(affine), source="nrrd", kind=kind)


def _check_inside(path: Path) -> None:
    """A header may name the file of its data: only one beside it, never one elsewhere on this machine."""
    with path.open("rb") as stream:
        header = stream.read(_HEADER_BYTES).split(b"\n\n")[0]
    for line in header.splitlines():
        field, _, value = line.partition(b":")
        if field.strip().lower() not in (b"data file", b"datafile"):
            continue
        name = value.strip().decode("utf-8", "replace")
        beside = path.parent / name
        if "/" in name or "\\" in name or name in ("", ".", "..") or beside.is_symlink():
            raise InputRejected(
                "PATH_OUTSIDE",
                "a NRRD header names data in another place",
                expected="data in the same file, or in one file beside it",
            )
