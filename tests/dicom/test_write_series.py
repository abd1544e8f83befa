from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime

import numpy as np
import pydicom
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.study import StudyHeader
from monai_app.dicom.write_series import SeriesGeometry, SeriesModality, write_series

STUDY = StudyHeader(
    patient_id="PHANTOM0000001",
    sex="M",
    age_years=40.0,
    taken=datetime(2021, 2, 3, 4, 5, 6),
    study_uid="2.25.1",
    series_uid="2.25.2",
    manufacturer="M",
    model="N",
    institution="I",
    description="D",
)
AXIAL = SeriesGeometry((-10.0, -20.0, 30.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -4.0), (2.0, 3.0))
VOLUME = np.round(np.random.default_rng(0).uniform(-1000, 2000, (4, 6, 5)))


def slices(volume: np.ndarray = VOLUME, modality: SeriesModality = SeriesModality.CT) -> list[pydicom.FileDataset]:
    return [pydicom.dcmread(io.BytesIO(data)) for data in write_series(volume, AXIAL, STUDY, modality)]


def test_hu_read_back_through_slope_and_intercept() -> None:
    for index, one in enumerate(slices()):
        assert np.array_equal(one.pixel_array * float(one.RescaleSlope) + float(one.RescaleIntercept), VOLUME[index])


def test_slices_step_along_the_normal_and_share_one_series() -> None:
    read = slices()
    heights = [float(one.ImagePositionPatient[2]) for one in read]
    assert heights == [30.0, 26.0, 22.0, 18.0] and [one.InstanceNumber for one in read] == [1, 2, 3, 4]
    assert len({one.SeriesInstanceUID for one in read}) == len({one.FrameOfReferenceUID for one in read}) == 1
    assert len({one.SOPInstanceUID for one in read}) == 4
    assert all(one.SOPInstanceUID == one.file_meta.MediaStorageSOPInstanceUID for one in read)
    assert read[0].SliceThickness == 4.0 and [float(v) for v in read[0].PixelSpacing] == [2.0, 3.0]


def test_an_mr_has_no_rescale() -> None:
    one = slices(np.abs(VOLUME), SeriesModality.MR)[0]
    assert one.Modality == "MR" and "RescaleSlope" not in one and np.array_equal(one.pixel_array, np.abs(VOLUME)[0])


def test_values_beyond_twelve_bits_are_refused() -> None:
    for modality, value in ((SeriesModality.CT, 4000.0), (SeriesModality.CT, -1100.0), (SeriesModality.MR, -1.0)):
        with pytest.raises(InputRejected, match="PIXEL_FORMAT"):
            slices(np.full((2, 3, 3), value), modality)


def test_axes_that_are_not_at_right_angles_are_refused() -> None:
    for broken in (
        replace(AXIAL, row_direction=(1.0, 0.1, 0.0)),
        replace(AXIAL, slice_step_lps_mm=(1.0, 0.0, -4.0)),
        replace(AXIAL, slice_step_lps_mm=(0.0, 0.0, 0.0)),
    ):
        with pytest.raises(InputRejected, match="GEOMETRY_INVALID"):
            list(write_series(VOLUME, broken, STUDY, SeriesModality.CT))
