"""Masks beside a cohort."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from monai_app.cohort.film_masks import film_masks, mask_structures
from monai_app.cohort.store import Cohort
from monai_app.core.atomic import write_json
from monai_app.core.errors import InputRejected
from monai_app.dicom.film import read_film
from monai_app.phantom.cohort import write_phantom


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("masks") / "cohort"
    write_phantom(folder, patients=2, seed=0, pixel_scale=6, volumes=1)
    return folder


def test_every_film_of_a_phantom_cohort_has_a_mask_on_its_grid(cohort: Path) -> None:
    opened = Cohort(cohort)
    films = opened.images()["path"].to_list()
    masks = film_masks(cohort)
    assert set(masks) == {opened.image_path(path) for path in films if path.startswith("films/")} and masks
    for film, mask in masks.items():
        assert np.asarray(Image.open(mask)).shape == read_film(film).pixels.shape


def test_structures_keep_every_bit_once_and_lungs_are_one(cohort: Path) -> None:
    structures = mask_structures(cohort)
    assert list(structures)[-2:] == ["heart", "lung"] and structures["lung"] == 0b11000000
    assert sum(structures.values()) == 255


def test_a_name_without_a_side_stays_whole(tmp_path: Path) -> None:
    write_json(tmp_path / "mask_labels.json", {"film_bits": {"b_right": 4, "a": 1, "b_left": 2}})
    assert mask_structures(tmp_path) == {"a": 1, "b": 6}


def test_a_cohort_without_masks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"MASKS_MISSING.*no mask_labels\.json"):
        mask_structures(tmp_path)
