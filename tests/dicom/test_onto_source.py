"""Onto the source: only the same voxels are accepted; test_result_faults.py turns them all 48 ways."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.dicom.assemble import read_series
from monai_app.dicom.onto_source import onto_source
from monai_app.dicom.source_images import SourceImages, read_source_film, read_source_series
from monai_app.dicom.volume import Volume
from tests.faults.series import ct, enhanced, write
from tests.faults.studies import hospital_ct, hospital_film


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> tuple[SourceImages, Volume]:
    files = hospital_ct(tmp_path_factory.mktemp("ct"))
    return read_source_series(files), read_series(files)


def test_volume_of_the_source_is_its_frames(read: tuple[SourceImages, Volume]) -> None:
    source, volume = read
    assert np.array_equal(onto_source(volume, source), volume.array.transpose(2, 1, 0))


def test_frames_take_their_place_in_a_multi_frame_object(tmp_path: Path) -> None:
    order = [3, 0, 5, 1, 4, 2]
    files = write(tmp_path, [enhanced(ct(), order)])
    volume = read_series(files)
    assert np.array_equal(onto_source(volume, read_source_series(files)), volume.array.transpose(2, 1, 0)[order])


def moved(affine: np.ndarray) -> np.ndarray:
    affine[0, 3] += 0.2
    return affine


def turned(affine: np.ndarray) -> np.ndarray:
    angle = np.radians(5)
    turn = np.eye(4)
    turn[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return turn @ affine


def sheared(affine: np.ndarray) -> np.ndarray:
    affine[:3, 0] = affine[:3, 1]
    return affine


@pytest.mark.parametrize("fault", [moved, turned, sheared])
def test_other_places_are_refused(read: tuple[SourceImages, Volume], fault: object) -> None:
    source, volume = read
    assert callable(fault)
    with pytest.raises(InputRejected, match="GRID_MISMATCH"):
        onto_source(Volume(volume.array, fault(volume.affine_ras.copy())), source)


def test_other_shape_is_refused(read: tuple[SourceImages, Volume]) -> None:
    source, volume = read
    with pytest.raises(InputRejected, match="GRID_MISMATCH.*shape"):
        onto_source(Volume(volume.array[:-1], volume.affine_ras), source)


def test_film_has_no_grid(read: tuple[SourceImages, Volume], tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="NO_GEOMETRY"):
        onto_source(read[1], read_source_film(hospital_film(tmp_path / "film")))
