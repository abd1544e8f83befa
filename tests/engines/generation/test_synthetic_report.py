from __future__ import annotations

from monai_app.engines.generation.synthetic_report import synthetic_record
from tests.faults.cohorts import small_content

RECORD = small_content().record


def test_a_synthetic_record_says_so_and_keeps_the_terms() -> None:
    made = synthetic_record(RECORD, films=True, stated=None)
    assert made.name == "small_synthetic" and "SYNTHETIC" in made.provenance.terms
    assert made.provenance.licence == RECORD.provenance.licence
    assert made.modalities == RECORD.modalities and made.tasks == RECORD.tasks and not made.sha256


def test_without_films_there_is_no_film() -> None:
    assert "film" not in synthetic_record(RECORD, films=False, stated=None).modalities.names


def test_stated_records_have_the_stated_tasks_and_no_series() -> None:
    made = synthetic_record(RECORD, films=True, stated={"labels/place.place=ward"})
    assert [task.name for task in made.tasks] == ["place"] and [m.value for m in made.modalities.names] == [
        "film",
        "table",
    ]
    assert made.groups == {"sex": "GENDER"}
