from __future__ import annotations

from monai_app.engines.generation.synthetic_report import synthetic_record
from tests.faults.cohorts import small_content

RECORD = small_content().record


def test_a_synthetic_record_says_so_and_keeps_the_terms() -> None:
    made = synthetic_record(RECORD, films=True, stated=None)
    assert made.name == "small_synthetic" and "SYNTHETIC" in made.provenance.terms
    assert made.provenance.licence == RECORD.provenance.licence
    assert made.modalities.names == RECORD.modalities.names and made.tasks == RECORD.tasks and not made.sha256


def test_drawn_films_count_as_films_whatever_the_source_took() -> None:
    assert RECORD.modalities.film is not None
    film = RECORD.modalities.film.model_copy(update={"modalities": ("DX",), "views": ("AP",)})
    source = RECORD.model_copy(update={"modalities": RECORD.modalities.model_copy(update={"film": film})})
    made = synthetic_record(source, films=True, stated=None).modalities.film
    assert made is not None and "CR" in made.modalities and made.views == ()


def test_without_films_there_is_no_film() -> None:
    assert "film" not in synthetic_record(RECORD, films=False, stated=None).modalities.names


def test_stated_records_have_the_stated_tasks_and_no_series() -> None:
    made = synthetic_record(RECORD, films=True, stated={"labels/place.place=ward"})
    assert [task.name for task in made.tasks] == ["place"] and [m.value for m in made.modalities.names] == [
        "film",
        "table",
    ]
    assert made.groups == {"sex": "GENDER"}
