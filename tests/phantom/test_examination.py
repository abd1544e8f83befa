from __future__ import annotations

import io

import numpy as np
import pydicom
from PIL import Image

from monai_app.phantom.examination import FilmExamination, file_stem
from monai_app.phantom.marker import Lead
from monai_app.phantom.patient import draw_patient


def test_a_film_is_rendered_into_the_files_it_announced() -> None:
    examination = FilmExamination(draw_patient(0, 3), pixel_scale=3)
    rendered = examination.render()
    assert set(rendered.images) == {row.path for row in examination.rows}
    assert set(rendered.masks) == {row.mask for row in examination.masks}
    film = pydicom.dcmread(io.BytesIO(rendered.images[examination.rows[0].path]))
    mask = np.asarray(Image.open(io.BytesIO(rendered.masks[examination.masks[0].mask])))
    assert mask.shape == film.pixel_array.shape and film.Modality == examination.rows[0].modality
    assert film.ViewPosition == examination.rows[0].view


def test_file_names_say_nothing_and_never_meet() -> None:
    names = {file_stem(draw_patient(0, number), kind) for number in range(30) for kind in ("film", "CT")}
    assert len(names) == 60 and all(len(name) == 16 for name in names)


def test_a_twin_with_its_own_letters_is_the_film() -> None:
    examination = FilmExamination(draw_patient(0, 3), pixel_scale=3)
    twins = examination.twins(Lead)
    (film,) = examination.render().images.values()
    assert twins[Lead.OWN] == film and len(set(twins.values())) == 3
