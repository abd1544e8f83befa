from __future__ import annotations

import numpy as np
import pytest

from monai_app.cohort.store import Cohort
from monai_app.generate.synthetic.source import Source, binary_labels, read_source
from tests.generate.synthetic.crowd import ILL, write_crowd


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Cohort:
    return write_crowd(tmp_path_factory.mktemp("source") / "crowd")


@pytest.fixture(scope="module")
def source(cohort: Cohort) -> Source:
    return read_source(cohort, "train")


def column(source: Source, key: str) -> np.ndarray:
    return source.values[:, source.columns.places[key]]


def test_records_are_those_of_the_train_patients_alone(cohort: Cohort, source: Source) -> None:
    train = sorted(cohort.splits().filter(split="train")["subject_id"].to_list())
    assert column(source, "labels/diagnosis.pneumonia").tolist() == [float(ILL[subject]) for subject in train]
    assert column(source, "groups/site=A").tolist() == [float(subject % 2 == 0) for subject in train]
    assert column(source, "present/film").tolist() == [float(subject % 2 == 0) for subject in train]
    assert [("Severe" in note) for note in source.notes] == [ILL[subject] for subject in train]


def test_unlabelled_is_unknown_and_classes_are_columns(source: Source) -> None:
    assert np.isnan(column(source, "labels/diagnosis.oedema")).any()
    places = [column(source, f"labels/place.place={name}") for name in ("home", "ward", "unit")]
    np.testing.assert_array_equal(np.sum(places, axis=0), 1.0)


def test_series_stand_in_their_columns(source: Source) -> None:
    assert set(column(source, "series/heart_rate.count")) == {5.0}
    level = column(source, "series/heart_rate.level")
    assert level[column(source, "labels/diagnosis.pneumonia") == 1].min() > 90
    assert set(column(source, "series/urine.count")) == {0.0} and source.habits[0].code == "HR"


def test_another_split_has_the_same_columns(cohort: Cohort, source: Source) -> None:
    other = read_source(cohort, "tuning", source.columns)
    assert other.columns == source.columns and other.values.shape[1] == len(source.columns.keys)
    assert len(other.values) == cohort.splits().filter(split="tuning").height


def test_times_before_the_prediction_are_kept_as_quantiles(source: Source) -> None:
    assert source.film_ages.min() == source.film_ages.max() == 4.0 and source.note_ages[0] == 3.0


def test_labels_of_yes_or_no_are_found(source: Source) -> None:
    names = {source.columns.keys[place] for place in binary_labels(source.columns, source.values)}
    assert "labels/diagnosis.pneumonia" in names and "labels/stay.value" not in names
