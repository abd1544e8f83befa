"""The list of simulated volumes: the patients' own scans, with label maps in the same voxels, split by patient."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.write_series import SeriesModality
from monai_app.phantom.cohort import split_table
from monai_app.phantom.patient import draw_patient
from monai_app.phantom.volume_list import write_volume_list


@pytest.mark.parametrize("modality", list(SeriesModality))
def test_series_and_label_map_lie_on_the_same_voxels(tmp_path: Path, modality: SeriesModality) -> None:
    out = tmp_path / "list"
    counts = write_volume_list(out, patients=2, seed=3, modality=modality, voxel_mm=16)
    sections = json.loads((out / "dataset.json").read_text())
    assert counts == {name: len(records) for name, records in sections.items()} and sum(counts.values()) == 2
    record = next(records[0] for records in sections.values() if records)
    slices = [pydicom.dcmread(path) for path in sorted((out / record["image"]).iterdir())]
    labels = nibabel.load(out / record["label"])
    assert labels.shape == (slices[0].Columns, slices[0].Rows, len(slices))
    assert {each.Modality for each in slices} == {modality.value}
    spacing = np.sqrt((labels.affine[:3, :3] ** 2).sum(axis=0))
    np.testing.assert_allclose(spacing, 16, rtol=0.06)
    assert int(np.asarray(labels.dataobj).max()) <= 5


def test_splits_are_those_of_the_cohort(tmp_path: Path) -> None:
    write_volume_list(tmp_path / "list", patients=12, seed=3, voxel_mm=16)
    sections = json.loads((tmp_path / "list" / "dataset.json").read_text())
    split = dict(split_table([draw_patient(3, number) for number in range(12)]).iter_rows())
    names = {"training": "train", "validation": "tuning", "test": "held_out"}
    found = {int(record["patient"]): names[section] for section, records in sections.items() for record in records}
    assert found == split


def test_voxels_that_nobody_can_see_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="PATIENTS_INVALID"):
        write_volume_list(tmp_path / "list", patients=1, seed=0, voxel_mm=40)
    assert not (tmp_path / "list").exists()
