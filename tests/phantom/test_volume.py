from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pytest

from monai_app.dicom.write_series import SeriesGeometry, SeriesModality
from monai_app.phantom.patient import draw_patient
from monai_app.phantom.volume import VolumeExamination, affine_ras, label_map

CORONAL = SeriesGeometry((-10.0, -20.0, 30.0), (1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 5.0, 0.0), (2.0, 3.0))


def test_affine_takes_the_first_voxel_to_ras() -> None:
    affine = affine_ras(CORONAL)
    assert affine @ [0, 0, 0, 1] == pytest.approx([10.0, 20.0, 30.0, 1.0])
    assert affine @ [1, 1, 1, 1] == pytest.approx([10.0 - 3.0, 20.0 - 5.0, 30.0 - 2.0, 1.0])


def test_a_label_map_reads_back_voxel_for_voxel() -> None:
    labels = np.random.default_rng(0).integers(0, 11, (3, 4, 5)).astype(np.uint8)
    image = nibabel.Nifti1Image.from_bytes(gzip.decompress(label_map(labels, CORONAL)))
    assert np.array_equal(np.asarray(image.dataobj).transpose(2, 1, 0), labels)
    assert image.affine == pytest.approx(affine_ras(CORONAL))


def test_label_maps_hold_no_clock() -> None:
    labels = np.zeros((2, 2, 2), np.uint8)
    assert label_map(labels, CORONAL) == label_map(labels, CORONAL)
    assert label_map(labels, CORONAL)[4:8] == b"\0\0\0\0"


def test_index_rows_lie_before_the_prediction_time_and_name_no_patient() -> None:
    patient = draw_patient(0, 41)
    for modality in SeriesModality:
        rows = VolumeExamination(patient, modality).rows
        assert all(patient.admission < row.time <= patient.prediction_time for row in rows)
        assert not any(str(patient.subject_id) == part for row in rows for part in row.path.split("/"))
