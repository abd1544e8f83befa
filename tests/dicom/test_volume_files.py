"""One function for all formats."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - the library's own manual calls it so

from monai_app.core.errors import InputRejected
from monai_app.dicom.series_options import SeriesOptions
from monai_app.dicom.volume import lps_to_ras
from monai_app.dicom.volume_files import read_volume
from monai_app.dicom.volume_grid import same_grid
from tests.faults.series import ct, enhanced, write


def test_every_format_gives_the_same_volume(tmp_path: Path) -> None:
    write(tmp_path / "series", ct())
    write(tmp_path / "whole", [enhanced(ct())])
    series = read_volume(tmp_path / "series")
    (tmp_path / "series" / "DICOMDIR").write_bytes(b"an index, no image")
    nibabel.save(nibabel.Nifti1Image(series.array, series.affine_ras), tmp_path / "a.nii.gz")
    image = sitk.GetImageFromArray(series.array.transpose(2, 1, 0))
    affine = lps_to_ras(series.affine_ras)
    image.SetSpacing(series.spacing_mm)
    image.SetDirection((affine[:3, :3] / series.spacing_mm).flatten().tolist())
    image.SetOrigin(affine[:3, 3].tolist())
    sitk.WriteImage(image, str(tmp_path / "a.nrrd"))
    for path in ("series", "whole/0000", "a.nii.gz", "a.nrrd"):
        volume = read_volume(tmp_path / path)
        assert same_grid(series, volume) and np.array_equal(series.array, volume.array)


def test_options_reach_the_series_reader(tmp_path: Path) -> None:
    write(tmp_path, ct())
    with pytest.raises(InputRejected, match="COVERAGE"):
        read_volume(tmp_path, options=SeriesOptions(minimum_slices=7))


def test_missing_and_empty_paths_are_rejected(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="FILE_NOT_FOUND"):
        read_volume(tmp_path / "a.nii")
    with pytest.raises(InputRejected, match="NO_FILES"):
        read_volume(tmp_path)
