"""Volumes from files: a folder of one DICOM series, a DICOM file, NIfTI (nibabel) or NRRD (SimpleITK).

NIfTI-1 says where voxels lie twice, as sform and as qform; a file whose two disagree, or that has neither, is
rejected, since every reader then picks another one.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import SimpleITK as sitk
from nibabel.filebasedimages import ImageFileError

from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import read_series
from monai_app.dicom.series_options import DEFAULT_OPTIONS, SeriesOptions
from monai_app.dicom.volume import Affine, Volume, lps_to_ras
from monai_app.dicom.volume_grid import GRID_TOLERANCE_MM, corners_apart_mm

MAX_VOXELS = 2_000_000_000
"""More than any volume that this program is for: 1000 slices of 1024 x 1024 have 1.05 thousand million."""

IGNORED_NAMES = ("DICOMDIR",)
"""Files of a DICOM folder that hold no image."""


def read_volume(path: str | Path, *, options: SeriesOptions = DEFAULT_OPTIONS) -> Volume:
    """The volume of a folder that holds one DICOM series, of a DICOM file, or of a NIfTI or NRRD file.

    Args:
        options: how a DICOM series is read; the other formats have no options.

    Raises:
        InputRejected: ``FILE_NOT_FOUND``, ``NO_FILES``; as :func:`read_series`, :func:`read_nifti`, :func:`read_nrrd`.
    """
    source = Path(path)
    if source.is_dir():
        files = [one for one in sorted(source.iterdir()) if one.is_file() and not _ignored(one)]
        return read_series(files, options=options)
    if not source.is_file():
        raise InputRejected("FILE_NOT_FOUND", "an image file or folder is missing", remedy="Check the given path.")
    reader = _reader(source.name.lower())
    return read_series([source], options=options) if reader is None else reader(source)


def _ignored(path: Path) -> bool:
    return path.name.startswith(".") or path.name.upper() in IGNORED_NAMES


def _reader(name: str) -> Callable[[Path], Volume] | None:
    if name.endswith((".nii", ".nii.gz")):
        return read_nifti
    if name.endswith((".nrrd", ".nhdr")):
        return read_nrrd
    return None


def read_nifti(path: Path) -> Volume:
    """A NIfTI volume of three axes; integers keep their precision where the file does not scale them, else float32.

    Raises:
        InputRejected: ``NIFTI_UNREADABLE``, ``NOT_A_VOLUME``, ``TOO_LARGE``, ``NO_GEOMETRY`` (neither sform nor
            qform), ``AFFINE_CONFLICT`` (they differ), ``GEOMETRY_INVALID``, ``NOT_FINITE`` or ``NO_CONTENT``.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = nibabel.Nifti1Image.from_filename(path)
            shape = _shape(tuple(map(int, image.shape)))
            affine = _nifti_affine(image, shape)
            slope, intercept = image.dataobj.slope, image.dataobj.inter
            values = np.asarray(image.dataobj.get_unscaled()).reshape(shape)
        except InputRejected:
            raise
        except (ImageFileError, OSError, EOFError, ValueError, nibabel.spatialimages.HeaderDataError) as error:
            raise _unreadable("NIFTI_UNREADABLE", error) from None
    return _checked(_scaled(values, float(slope), float(intercept)), affine, source="nifti")


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
    if s_code and q_code and corners_apart_mm(sform * unit, qform * unit, shape) > GRID_TOLERANCE_MM:
        apart = corners_apart_mm(sform * unit, qform * unit, shape)
        raise InputRejected(
            "AFFINE_CONFLICT",
            "sform and qform of a NIfTI file put its voxels at different places",
            got=f"{apart:.2f} mm apart",
            expected=f"within {GRID_TOLERANCE_MM} mm",
            remedy="Find out which one is right, and write it to both.",
        )
    affine = np.asarray(sform if s_code else qform, np.float64).copy()
    affine[:3] *= unit
    return affine


def read_nrrd(path: Path) -> Volume:
    """A NRRD volume of three axes; its header must name the space it is in.

    Raises:
        InputRejected: ``NRRD_UNREADABLE``, ``NOT_A_VOLUME``, ``TOO_LARGE``, ``NO_GEOMETRY``, ``GEOMETRY_INVALID``,
            ``NOT_FINITE`` or ``NO_CONTENT``.
    """
    try:
        reader = sitk.ImageFileReader()
        reader.SetImageIO("NrrdImageIO")
        reader.SetFileName(str(path))
        reader.ReadImageInformation()
        shape = _shape(reader.GetSize())
        if reader.GetNumberOfComponents() != 1:
            raise _no_volume(f"{reader.GetNumberOfComponents()} values a voxel")
        if "NRRD_space" not in reader.GetMetaDataKeys():
            raise InputRejected(
                "NO_GEOMETRY",
                "a NRRD file names no space: left and right are unknown",
                expected="space: left-posterior-superior, or another of the patient",
                remedy="Convert it again from its source.",
            )
        image = reader.Execute()
    except RuntimeError as error:
        raise _unreadable("NRRD_UNREADABLE", error) from None
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    values = sitk.GetArrayFromImage(image).transpose(2, 1, 0).reshape(shape)
    return _checked(values, lps_to_ras(affine), source="nrrd")


def _shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Three axes; further axes of length one are dropped."""
    shape = (*shape[:3], *(size for size in shape[3:] if size != 1))
    if len(shape) != 3 or min(shape) < 1:
        raise _no_volume(f"{len(shape)} axes")
    if np.prod(shape, dtype=np.float64) > MAX_VOXELS:
        raise InputRejected(
            "TOO_LARGE", "the header promises an impossible volume", expected=f"at most {MAX_VOXELS} voxels"
        )
    return shape


def _scaled(values: np.ndarray, slope: float, intercept: float) -> np.ndarray:
    if (slope, intercept) == (1.0, 0.0):
        return values
    return (values.astype(np.float64) * slope + intercept).astype(np.float32)


def _checked(values: np.ndarray, affine: Affine, *, source: str) -> Volume:
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3])) < 1e-9:
        raise InputRejected("GEOMETRY_INVALID", "the affine is not finite or flat", expected="an invertible affine")
    if np.issubdtype(values.dtype, np.complexfloating) or values.dtype.names:
        raise _no_volume("values that are no single numbers")
    if np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float32, copy=False)
    low, high = float(values.min()), float(values.max())
    if not np.isfinite([low, high]).all():
        raise InputRejected("NOT_FINITE", "the volume holds NaN or infinite values", expected="finite values")
    if low == high:
        raise InputRejected("NO_CONTENT", "the volume shows nothing: all its values are equal", expected="contrast")
    return Volume(array=values, affine_ras=affine, provenance={"source": source, "notes": [], "repairs": []})


def _no_volume(got: str) -> InputRejected:
    return InputRejected("NOT_A_VOLUME", "the file holds no single volume", got=got, expected="three axes of numbers")


def _unreadable(code: str, error: Exception) -> InputRejected:
    return InputRejected(
        code, "a file cannot be read", got=type(error).__name__, remedy="Transfer it again; it may be cut off."
    )
