from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nibabel
import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.core.resources import resource
from monai_app.inference.source import read_source, read_sources
from tests.inference.tiny import volume


def test_a_nifti_file_comes_with_its_hash(tmp_path: Path) -> None:
    scan = volume()
    nibabel.save(nibabel.Nifti1Image(scan.array, scan.affine_ras), tmp_path / "scan.nii.gz")
    read = read_source(tmp_path / "scan.nii.gz")
    assert np.array_equal(read.volume.array, scan.array)
    assert read.identity["kind"] == "file"
    assert len(read.identity["sha256"]) == 64


@pytest.mark.shared
def test_a_folder_of_several_series_needs_rules(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("dicom") / "mr_multiseries_PGBM-003"
    with pytest.raises(InputRejected, match="SERIES_AMBIGUOUS"):
        read_source(folder)


@pytest.mark.shared
def test_rules_choose_a_series_and_its_uid_is_hashed(shared_data: Callable[[str], Path]) -> None:
    folder = shared_data("dicom") / "mr_multiseries_PGBM-003"
    read = read_source(folder, rules=resource("configs", "series", "mr_hippocampus_crop.yaml"))
    assert read.volume.array.ndim == 3
    assert set(read.identity) == {"kind", "series_uid_hash"}
    assert "." not in read.identity["series_uid_hash"]


def test_an_empty_folder_has_no_series(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="NO_SERIES_SELECTED"):
        read_source(tmp_path)


def test_sequences_lie_on_one_grid_and_are_named_by_their_hashes(tmp_path: Path) -> None:
    scan = volume()
    for name, factor in (("flair", 1), ("t1", 2)):
        nibabel.save(nibabel.Nifti1Image(scan.array * factor, scan.affine_ras), tmp_path / f"{name}.nii.gz")
    read = read_sources([tmp_path / "flair.nii.gz", tmp_path / "t1.nii.gz"], sequences=("FLAIR", "T1"))
    assert np.array_equal(read.others[0].array, 2 * read.volume.array)
    assert len({part["sha256"] for part in read.identity["sequences"]}) == 2
    nibabel.save(nibabel.Nifti1Image(scan.array[:-1], scan.affine_ras), tmp_path / "cut.nii.gz")
    with pytest.raises(InputRejected, match="GRID_MISMATCH"):
        read_sources([tmp_path / "flair.nii.gz", tmp_path / "cut.nii.gz"], sequences=("FLAIR", "T1"))
