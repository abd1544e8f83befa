"""The films of a folder or of a cohort's split, as squares of one size; nothing but pixels leaves here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch
from numpy.typing import NDArray

from monai_app.cohort.films import accepted_view
from monai_app.cohort.spec import FilmSpec
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.dicom.area import fitted_shape
from monai_app.dicom.nifti import read_nifti
from monai_app.transforms.film import is_dicom, letterbox, load_film

Films = NDArray[np.float32]
"""(N, S, S) in [0, 1]."""

_PICTURES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp")
_NIFTI = (".nii", ".nii.gz")


def film_paths(source: str | Path, split: str | None) -> tuple[list[Path], list[int]]:
    """The films of a source and the patient of each; in a folder every film is taken for a patient of its own.

    Args:
        source: a cohort directory, or a folder of PNG, JPEG, DICOM or NIfTI films, with its subfolders.
        split: of a cohort; None takes all.

    Raises:
        InputRejected: ``NO_FILMS``; those of :class:`monai_app.cohort.store.Cohort`.
    """
    root = Path(source)
    if (root / "cohort.json").is_file():
        paths, subjects = _cohort_films(Cohort(root), split)
    else:
        files = sorted(path for path in root.rglob("*") if path.is_file()) if root.is_dir() else []
        paths = [path for path in files if path.name.lower().endswith((*_PICTURES, *_NIFTI)) or is_dicom(path)]
        subjects = list(range(len(paths)))
    if not paths:
        raise InputRejected(
            "NO_FILMS",
            "there are no films",
            got="no film of the split" if split else "no film in the folder",
            expected="a cohort with films, or a folder of PNG, JPEG, DICOM or NIfTI films",
            remedy="Check --train, --generated and --held-out.",
        )
    return paths, subjects


def _cohort_films(cohort: Cohort, split: str | None) -> tuple[list[Path], list[int]]:
    spec = FilmSpec()
    wanted = pl.col("modality").is_in(list(spec.modalities)) & accepted_view(pl.col("view"), spec)
    images = cohort.images().filter(wanted)
    if split is not None:
        patients = cohort.splits().filter(pl.col("split") == split)
        images = images.filter(pl.col("subject_id").is_in(patients["subject_id"].to_list()))
    images = images.sort("subject_id", "time", "path")
    return [cohort.image_path(path) for path in images["path"]], images["subject_id"].to_list()


def one_film_a_patient(paths: Sequence[Path], subjects: Sequence[int]) -> list[Path]:
    """The last film of each patient, so that films are independent of each other."""
    return list(dict(zip(subjects, paths, strict=True)).values())


def read_films(paths: Sequence[Path], size_px: int, on_film: Callable[[], Any] = lambda: None) -> Films:
    """The films, letterboxed.

    Raises:
        InputRejected: as :func:`monai_app.transforms.film.load_film`; ``NOT_A_FILM`` for a NIfTI volume.
    """
    films = np.empty((len(paths), size_px, size_px), np.float32)
    for index, path in enumerate(paths):
        nifti = path.name.lower().endswith(_NIFTI)
        films[index] = _nifti_film(path, size_px) if nifti else load_film(path, size_px)
        on_film()
    return films


def _nifti_film(path: Path, size_px: int) -> Films:
    """A NIfTI of one slice, rows down, over its own range."""
    values = np.asarray(read_nifti(path).array, np.float32)
    if values.ndim != 3 or values.shape[2] != 1:
        raise InputRejected("NOT_A_FILM", "a NIfTI file is no film", got=values.shape, expected="(columns, rows, 1)")
    low, high = float(values.min()), float(values.max())
    if high == low:
        raise InputRejected("NO_CONTENT", "the film shows nothing: all its pixels are equal", expected="contrast")
    film = np.ascontiguousarray((values[:, :, 0].T - low) / (high - low))
    if max(film.shape) > size_px:
        shape = fitted_shape(film.shape[0], film.shape[1], size_px)
        film = torch.nn.functional.interpolate(torch.from_numpy(film)[None, None], shape, mode="area")[0, 0].numpy()
    return letterbox(film, size_px)
