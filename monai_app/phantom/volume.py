"""CT and MR series of a patient as DICOM files, with label maps as NIfTI in the same voxels."""

from __future__ import annotations

import gzip
from datetime import timedelta

import nibabel
import numpy as np

from monai_app.dicom.write_series import SeriesGeometry, SeriesModality, write_series
from monai_app.phantom.ct import CT_SHAPE, take_ct
from monai_app.phantom.examination import ImageRow, MaskRow, Rendered, file_stem, study_header
from monai_app.phantom.mr import MR_SHAPE, take_mr
from monai_app.phantom.patient import Patient

_VIEWS = {SeriesModality.CT: "AXIAL", SeriesModality.MR: "CORONAL"}
_HOURS_AFTER_FILM = {SeriesModality.CT: 1.0, SeriesModality.MR: 2.5}


class VolumeExamination:
    """One series of a patient: its index rows are known before it is rendered."""

    def __init__(self, patient: Patient, modality: SeriesModality) -> None:
        self.patient, self.modality = patient, modality
        self._folder = f"{modality.value.lower()}/{file_stem(patient, modality.value)}"
        self._slices = (CT_SHAPE if modality is SeriesModality.CT else MR_SHAPE)[0]

    @property
    def rows(self) -> list[ImageRow]:
        """One row of the image index for each slice, in the order of their positions."""
        hours = self.patient.film_hours + _HOURS_AFTER_FILM[self.modality]
        time = self.patient.admission + timedelta(hours=hours)
        subject, view = self.patient.subject_id, _VIEWS[self.modality]
        return [
            ImageRow(subject, time, f"{self._folder}/{index:03d}.dcm", self.modality.value, view)
            for index in range(self._slices)
        ]

    @property
    def masks(self) -> list[MaskRow]:
        """Label maps of the organs and of the lesions."""
        subject, folder = self.patient.subject_id, self._folder
        return [
            MaskRow(subject, folder, content, f"masks/{folder}_{content}.nii.gz") for content in ("organs", "lesions")
        ]

    def render(self) -> Rendered:
        """Scan, and write slices as DICOM and label maps as NIfTI."""
        volume = (take_ct if self.modality is SeriesModality.CT else take_mr)(self.patient)
        rows = self.rows
        header = study_header(self.patient, self.modality.value, rows[0].time)
        files = write_series(volume.values, volume.geometry, header, self.modality)
        images = {row.path: data for row, data in zip(rows, files, strict=True)}
        maps = (volume.organs, volume.lesions)
        masks = {row.mask: label_map(labels, volume.geometry) for row, labels in zip(self.masks, maps, strict=True)}
        return Rendered(images, masks)


def affine_ras(geometry: SeriesGeometry) -> np.ndarray:
    """The affine (4, 4) from (column, row, slice) indices to RAS mm (NIfTI's frame): LPS with x and y negated."""
    affine = np.eye(4)
    affine[:3, 0] = np.array(geometry.row_direction) * geometry.spacing_mm[1]
    affine[:3, 1] = np.array(geometry.column_direction) * geometry.spacing_mm[0]
    affine[:3, 2] = geometry.slice_step_lps_mm
    affine[:3, 3] = geometry.first_position_lps_mm
    return np.diag([-1.0, -1.0, 1.0, 1.0]) @ affine


def label_map(labels: np.ndarray, geometry: SeriesGeometry) -> bytes:
    """Labels (slices, rows, columns) as a gzipped NIfTI file with axes (column, row, slice)."""
    image = nibabel.Nifti1Image(np.ascontiguousarray(labels.transpose(2, 1, 0)), affine_ras(geometry))
    return gzip.compress(image.to_bytes(), compresslevel=4, mtime=0)
