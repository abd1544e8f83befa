"""Volumes from files: a folder of one DICOM series, a DICOM file, NIfTI or NRRD."""

from __future__ import annotations

from pathlib import Path

from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import read_series
from monai_app.dicom.nifti import read_nifti
from monai_app.dicom.nrrd import read_nrrd
from monai_app.dicom.series_options import DEFAULT_OPTIONS, SeriesOptions
from monai_app.dicom.volume import Volume
from monai_app.dicom.volume_checks import VolumeKind

IGNORED_NAMES = ("DICOMDIR",)
"""Files of a DICOM folder that hold no image."""


def read_volume(
    path: str | Path, *, options: SeriesOptions = DEFAULT_OPTIONS, kind: VolumeKind = VolumeKind.IMAGE
) -> Volume:
    """The volume of a folder that holds one DICOM series, of a DICOM file, or of a NIfTI or NRRD file.

    Args:
        options: how a DICOM series is read; the other formats have no options.
        kind: what a NIfTI or NRRD file holds; a label map may be empty and stays whole numbers.

    Raises:
        InputRejected: ``FILE_NOT_FOUND``; as :func:`read_series`, :func:`read_nifti`, :func:`read_nrrd`.
    """
    source = Path(path)
    if source.is_dir():
        files = [one for one in sorted(source.iterdir()) if one.is_file() and not _ignored(one)]
        return read_series(files, options=options)
    if not source.is_file():
        raise InputRejected("FILE_NOT_FOUND", "an image file or folder is missing", remedy="Check the given path.")
    name = source.name.lower()
    if name.endswith((".nii", ".nii.gz")):
        return read_nifti(source, kind=kind)
    if name.endswith((".nrrd", ".nhdr")):
        return read_nrrd(source, kind=kind)
    return read_series([source], options=options)


def _ignored(path: Path) -> bool:
    return path.name.startswith(".") or path.name.upper() in IGNORED_NAMES
