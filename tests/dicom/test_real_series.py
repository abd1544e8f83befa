"""Real series of many makers: our volume equals SimpleITK's and dcm2niix's, voxel for voxel and in patient mm."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - the library's own manual calls it so

from monai_app.core.errors import InputRejected
from monai_app.dicom.series_options import SeriesOptions, Tilt, Uneven
from monai_app.dicom.volume import Affine, Volume, lps_to_ras
from monai_app.dicom.volume_files import read_volume
from monai_app.dicom.volume_grid import corners_apart_mm

pytestmark = pytest.mark.shared

SOUND = {
    "ct_totalsegmentator_example": (512, 512, 20),
    "mr_hippocrop_minimal_tags/PGBM-006_14_HCropVolume": (36, 48, 35),
    "mr_multiseries_PGBM-003/11-T1post-18670": (280, 320, 22),
    "mr_multiseries_PGBM-003/11_HCropVolume": (34, 50, 40),
    "mr_multiseries_PGBM-003/26401-T1prereg-52906": (280, 320, 22),
    "mr_multiseries_PGBM-003/36468-FLAIRreg-58706": (280, 320, 22),
    "mr_multiseries_PGBM-003/37830-T2reg-78532": (280, 320, 22),
    "mr_t1_studyforrest": (274, 384, 160),
}
"""The folders that hold one sound series, and its columns, rows and slices."""

SINGLE = {
    "highdicom/ct_image.dcm": 0.0,
    "nibabel-nicom/slicethickness_empty_string.dcm": 0.0,
    "pydicom-data/693_J2KR.dcm": 0.0,
    "pydicom-data/693_UNCI.dcm": 0.0,
    "pydicom-data/693_UNCR.dcm": 0.0,
    "pydicom-data/MR-SIEMENS-DICOM-WithOverlays.dcm": 0.0,
    "pydicom-data/MR2_J2KI.dcm": 1.0,
    "pydicom-data/MR2_J2KR.dcm": 0.0,
    "pydicom-data/bad_sequence.dcm": 0.0,
}
"""Single slices of CT and MR in the zoo, and how far a lossy decoder may be from another."""

AFFINE_TOLERANCE_MM = 1e-3
"""dcm2niix writes affines as float32."""

Data = Callable[[str], Path]


def upright(array: np.ndarray, affine_ras: Affine) -> tuple[np.ndarray, Affine]:
    """Axes nearest to R, A and S: readers may order rows and slices as they like, patients may not move."""
    image = nibabel.as_closest_canonical(nibabel.Nifti1Image(np.asarray(array, np.float32), affine_ras))
    return np.asarray(image.dataobj), np.asarray(image.affine)


def assert_equal(volume: Volume, array: np.ndarray, affine_ras: Affine) -> None:
    ours, ours_at = upright(volume.array, volume.affine_ras)
    theirs, theirs_at = upright(array, affine_ras)
    assert ours.shape == theirs.shape and np.array_equal(ours, theirs)
    assert corners_apart_mm(ours_at, theirs_at, ours.shape) < AFFINE_TOLERANCE_MM * max(ours.shape)


def simpleitk(folder: Path) -> tuple[np.ndarray, Affine]:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    affine = np.eye(4)
    affine[:3, :3] = np.array(image.GetDirection()).reshape(3, 3) * image.GetSpacing()
    affine[:3, 3] = image.GetOrigin()
    return sitk.GetArrayFromImage(image).transpose(2, 1, 0), lps_to_ras(affine)


@pytest.mark.parametrize("folder", SOUND)
def test_series_equals_that_of_simpleitk(shared_data: Data, folder: str) -> None:
    source = shared_data("dicom") / folder
    volume = read_volume(source)
    assert volume.array.shape == SOUND[folder] and volume.provenance["repairs"] == []
    assert_equal(volume, *simpleitk(source))


@pytest.mark.parametrize("folder", SOUND)
def test_series_equals_that_of_dcm2niix(shared_data: Data, tmp_path: Path, folder: str) -> None:
    if shutil.which("dcm2niix") is None:
        pytest.skip("dcm2niix is not installed (scripts/system_packages.sh)")
    source = shared_data("dicom") / folder
    command = ["dcm2niix", "-z", "n", "-b", "n", "-f", "volume", "-o", str(tmp_path), str(source)]
    subprocess.run(command, check=True, capture_output=True)
    (written,) = tmp_path.glob("*.nii")
    image = nibabel.load(written)
    assert_equal(read_volume(source), np.asarray(image.dataobj), image.affine)
    assert_equal(read_volume(source), read_volume(written).array, read_volume(written).affine_ras)


@pytest.mark.parametrize("name", SINGLE)
def test_single_slice_holds_the_values_of_simpleitk(shared_data: Data, name: str) -> None:
    source = shared_data("dicom") / "zoo" / name
    if name.endswith("empty_string.dcm"):
        with pytest.raises(InputRejected, match="NO_GEOMETRY"):
            read_volume(source)
        return
    theirs = sitk.GetArrayFromImage(sitk.ReadImage(str(source))).transpose(2, 1, 0)
    assert np.abs(read_volume(source).array - theirs.astype(np.float32)).max() <= SINGLE[name]


def test_tilted_head_with_uneven_gaps_is_refused_and_repaired_on_request(shared_data: Data) -> None:
    source = shared_data("dicom") / "ct_head_gantry_tilt_GE"
    with pytest.raises(InputRejected, match="GANTRY_TILT.*18.5 degrees"):
        read_volume(source)
    with pytest.raises(InputRejected, match="UNEVEN_SPACING.*1.081 to 6.999 mm"):
        read_volume(source, options=SeriesOptions(tilt=Tilt.SHEAR))
    volume = read_volume(source, options=SeriesOptions(tilt=Tilt.SHEAR, uneven=Uneven.RESAMPLE))
    assert [one["code"] for one in volume.provenance["repairs"]] == ["TILT_SHEARED", "SPACING_RESAMPLED"]
    head = volume.array > -300
    middle = np.argwhere(head).mean(axis=0) / volume.array.shape
    assert 0.05 < head.mean() < 0.6 and np.abs(middle - 0.5).max() < 0.15


@pytest.mark.parametrize("folder", ["ct_phantom_philips_S21570/S1000", "ct_phantom_philips_S21570/S4010"])
def test_scouts_and_dose_pages_are_no_volume(shared_data: Data, folder: str) -> None:
    with pytest.raises(InputRejected, match="WRONG_MODALITY|LOCALIZER"):
        read_volume(shared_data("dicom") / folder)
