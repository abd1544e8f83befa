"""Masks go with the film of their name and size; what does not fit is counted, never kept."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from PIL import Image

from monai_app.cohort.film_masks import film_masks, mask_bits
from monai_app.cohort.sources.lung_masks import lung_masks
from monai_app.cohort.sources.source_files import SourceFolder
from monai_app.core.atomic import write_bytes
from monai_app.core.tables import write_parquet

FILMS = ["fits.jpg", "smooth.jpg", "small.jpg", "broken.jpg", "empty.jpg", "bare.jpg"]
SHAPE = (8, 6)


def _write(path: Path, values: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values.astype(np.uint8)).save(path)


def _lungs(shape: tuple[int, int] = SHAPE, *, value: int = 255) -> np.ndarray:
    mask = np.zeros(shape)
    mask[2:5, 1:3] = value
    return mask


@pytest.fixture
def folder(tmp_path: Path) -> SourceFolder:
    for name in FILMS:
        _write(tmp_path / "images" / name, np.arange(48).reshape(SHAPE))
    masks = tmp_path / "masks"
    smooth = _lungs()
    smooth[1, 1:3] = 100
    _write(masks / "fits_mask.png", _lungs())
    _write(masks / "smooth_mask.png", smooth)
    _write(masks / "small_mask.png", _lungs((6, 8)))
    _write(masks / "empty_mask.png", np.zeros(SHAPE))
    _write(masks / "of_no_film_mask.png", _lungs())
    (masks / "broken_mask.png").write_bytes(b"no picture")
    return SourceFolder(tmp_path)


@pytest.fixture
def films() -> pl.DataFrame:
    return pl.DataFrame({"subject_id": range(len(FILMS)), "image": FILMS})


def test_what_does_not_fit_its_film_is_left_out_and_counted(folder: SourceFolder, films: pl.DataFrame) -> None:
    companions, told = lung_masks(folder, films, images="images", masks="masks")
    table = companions["masks.parquet"]
    assert isinstance(table, pl.DataFrame) and set(table["image"]) == {"fits.jpg", "smooth.jpg"}
    assert told[0].startswith("masks of the lungs from masks: 2 of 6 films; left out: ")
    for reason in ("of another size than the film 1", "unreadable 1", "nothing or everything marked 1"):
        assert reason in told[0]


def test_masks_read_back_as_one_region_on_the_film(
    folder: SourceFolder, films: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    companions, _ = lung_masks(folder, films, images="images", masks="masks")
    cohort = tmp_path / "cohort"
    for name, given in companions.items():
        (write_bytes if isinstance(given, bytes) else write_parquet)(cohort / name, given)  # type: ignore[operator]

    class Opened:
        path = cohort

        def image_path(self, relative: str) -> Path:
            return cohort / "images" / relative

    monkeypatch.setattr("monai_app.cohort.film_masks.Cohort", lambda _: Opened())
    found = film_masks(cohort)
    assert mask_bits(cohort) == {"lungs": 1}
    for name in ("fits.jpg", "smooth.jpg"):  # grey edges below one half are not lung
        codes = np.asarray(Image.open(found[cohort / "images" / name]))
        assert (codes == _lungs(value=1)).all()


def test_no_folder_of_masks_is_nothing_to_tell(folder: SourceFolder, films: pl.DataFrame) -> None:
    assert lung_masks(folder, films, images="images", masks="elsewhere") == ({}, ())


def test_a_name_cannot_leave_the_folder_of_masks(folder: SourceFolder, tmp_path: Path) -> None:
    _write(tmp_path / "out_mask.png", _lungs())
    given = pl.DataFrame({"subject_id": [1], "image": ["../out.jpg"]})
    companions, told = lung_masks(folder, given, images="images", masks="masks")
    assert companions == {} and "0 of 1 films" in told[0]


def test_films_without_masks_give_no_tables(folder: SourceFolder) -> None:
    companions, told = lung_masks(
        folder, pl.DataFrame({"subject_id": [1], "image": ["bare.jpg"]}), images="images", masks="masks"
    )
    assert companions == {} and told == ("masks of the lungs from masks: 0 of 1 films; left out: none",)


@pytest.mark.shared
def test_masks_of_the_real_pack_lie_on_their_films(shared_data: Callable[[str], Path]) -> None:
    root = shared_data("cxr-covid-ieee8023")
    names = pl.read_csv(root / "metadata.csv", infer_schema=False)["image"]
    films = pl.DataFrame({"subject_id": range(len(names)), "image": names})
    companions, told = lung_masks(SourceFolder(root), films, images="images", masks="lungVAE_masks")
    table = companions["masks.parquet"]
    assert isinstance(table, pl.DataFrame) and table.height == 88
    assert told[0].endswith("88 of 209 films; left out: none")
