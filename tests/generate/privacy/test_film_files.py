from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from PIL import Image

from monai_app.core.errors import InputRejected
from monai_app.generate.privacy.film_files import film_paths, one_film_a_patient, read_films
from monai_app.phantom.cohort import write_phantom

PICTURE = np.random.default_rng(0).integers(0, 256, (48, 64), dtype=np.uint8)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    write_phantom(folder, patients=12, seed=0, pixel_scale=6)
    return folder


def test_a_picture_and_a_nifti_of_it_are_the_same_film(tmp_path: Path) -> None:
    Image.fromarray(PICTURE).save(tmp_path / "a.png")
    stretched = PICTURE.astype(np.int16)
    stretched[0, 0], stretched[0, 1] = 0, 255
    Image.fromarray(stretched.astype(np.uint8)).save(tmp_path / "a.png")
    nibabel.save(nibabel.Nifti1Image(stretched.T[:, :, None], np.eye(4)), tmp_path / "b.nii.gz")
    paths, subjects = film_paths(tmp_path, None)
    films = read_films(paths, 32)
    assert [path.name for path in paths] == ["a.png", "b.nii.gz"] and subjects == [0, 1]
    np.testing.assert_allclose(films[0], films[1], atol=1e-3)


def test_a_volume_is_no_film(tmp_path: Path) -> None:
    values = np.tile(np.arange(4, dtype=np.int16), (8, 8, 1))
    nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "v.nii")
    with pytest.raises(InputRejected, match="NOT_A_FILM"):
        read_films([tmp_path / "v.nii"], 32)


def test_a_cohorts_films_are_those_of_the_split(cohort: Path) -> None:
    everyone, subjects = film_paths(cohort, None)
    train, patients = film_paths(cohort, "train")
    assert 0 < len(train) < len(everyone) and set(patients) < set(subjects)
    told: list[int] = []
    films = read_films(train[:2], 64, lambda: told.append(1))
    assert films.shape == (2, 64, 64) and films.max() <= 1 and len(told) == 2


def test_dicom_films_of_a_folder_are_found_whatever_their_names(cohort: Path) -> None:
    assert len(film_paths(cohort / "images", None)[0]) == len(film_paths(cohort, None)[0])


def test_one_film_a_patient_is_the_last() -> None:
    assert one_film_a_patient([Path("a"), Path("b"), Path("c")], [1, 1, 2]) == [Path("b"), Path("c")]


def test_a_folder_without_films_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="NO_FILMS"):
        film_paths(tmp_path, None)
