from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pydicom
import pytest
import torch

from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.core.loading import save_weights
from monai_app.dicom.generated_film import Generator
from monai_app.engines.generation.synthetic_films import BundleDraw, DrawnFilms, film_content
from monai_app.generate.synthetic.columns import cohort_columns
from monai_app.generate.synthetic.content import Written
from monai_app.phantom.cohort import write_phantom
from tests.faults.cohorts import small_content
from tests.generate.synthetic.test_gate import statement

CONTENT = small_content()
COLUMNS = cohort_columns(CONTENT.record, {})
GENERATOR = Generator("test", "noise", "1")


def written() -> Written:
    values = np.full((2, len(COLUMNS.keys)), np.nan)
    values[0, [COLUMNS.places["table/sex=F"], COLUMNS.places["table/age"]]] = 1.0, 61.0
    return Written(COLUMNS, values, (10, 11), (), np.ones(2), np.ones(2), lambda record, generator: "", 1)


def put(version: str = "1") -> list[pydicom.Dataset]:
    whole = small_content()
    films = DrawnFilms((10, 11), np.random.default_rng(0).random((2, 8, 8), np.float32))
    film_content(whole, written(), films, replace(GENERATOR, version=version))
    assert whole.images is not None and whole.images["subject_id"].to_list() == [10, 11]
    files = [whole.image_files[path] for path in whole.images["path"]]
    return [pydicom.dcmread(io.BytesIO(data)) for data in files if isinstance(data, bytes)]


def test_files_hold_what_the_record_says_and_nothing_where_it_says_nothing() -> None:
    first, second = put()
    assert (first.PatientSex, first.PatientAge, first.PatientID) == ("F", "061Y", "SYNTHETIC0000000")
    assert second.PatientSex == "O" and "PatientAge" not in second


def test_identifiers_are_of_their_own() -> None:
    uids = [
        uid
        for film in (*put(), *put("2"))
        for uid in (film.SOPInstanceUID, film.SeriesInstanceUID, film.StudyInstanceUID)
    ]
    assert len(set(uids)) == 12 and all(uid.startswith("2.25.") for uid in uids)


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="MODEL_MISSING"):
        _ = BundleDraw(model_dir=tmp_path).generator


def test_shipped_weights_guarantee_nothing() -> None:
    assert list(BundleDraw().statements) == [None, None]
    assert list(BundleDraw().unnoised) == ["ranges of values", "a vocabulary of notes"]


def test_a_statement_beside_weights_that_do_not_say_they_are_private_means_nothing(tmp_path: Path) -> None:
    statement(1.0).write(tmp_path)
    save_weights(tmp_path / "model.safetensors", {"a": torch.zeros(1)})
    assert list(BundleDraw(model_dir=tmp_path).statements) == [None, None]
    save_weights(tmp_path / "model.safetensors", {"a": torch.zeros(1)}, {"about": '{"privacy": {"epsilon": 1.0}}'})
    assert list(BundleDraw(model_dir=tmp_path).statements) == [statement(1.0), None]


def test_an_autoencoder_that_the_statement_names_as_public_spends_nothing(tmp_path: Path) -> None:
    digest = save_weights(tmp_path / "autoencoder" / "model.safetensors", {"a": torch.zeros(1)})
    save_weights(tmp_path / "model.safetensors", {"a": torch.zeros(1)}, {"about": '{"privacy": {"epsilon": 1.0}}'})
    own = statement(1.0).model_copy(update={"public_weights": (digest,)})
    own.write(tmp_path)
    assert list(BundleDraw(model_dir=tmp_path).statements) == [own]
    save_weights(tmp_path / "autoencoder" / "model.safetensors", {"a": torch.ones(1)})
    assert list(BundleDraw(model_dir=tmp_path).statements) == [own, None]


def test_the_shipped_bundle_draws_a_film_a_sample(tmp_path: Path) -> None:
    write_phantom(tmp_path / "c", patients=2, seed=1, pixel_scale=6, workers=1)
    drawn = BundleDraw(settings={"steps": 2}).films(tmp_path / "c", seed=3)
    assert drawn.subjects == tuple(sorted(Cohort(tmp_path / "c").splits()["subject_id"]))
    assert drawn.films.shape == (2, 64, 64) and 0 <= drawn.films.min() < drawn.films.max() <= 1
    assert not np.array_equal(drawn.films[0], drawn.films[1])
