from __future__ import annotations

import numpy as np
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.engines.haim_features import HaimFeatures
from tests.engines.every_kind import write_every_kind


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = write_every_kind(tmp_path_factory.mktemp("haim") / "cohort", patients=24)
    return folder, split_items(folder, "train", Cohort(folder).model_spec())


def test_every_modality_gives_columns(cohort):
    folder, items = cohort
    table = HaimFeatures.fit(items, Cohort(folder).model_spec())(items, folder)
    assert table.values.shape == (len(items), len(table.names)) and len(set(table.names)) == len(table.names)
    assert {name.split("/")[0] for name in table.names} >= {"heart_rate", "table", "film", "note"}


def test_absent_modality_bytes_change_nothing(cohort):
    folder, items = cohort
    features = HaimFeatures.fit(items, Cohort(folder).model_spec())
    spoilt = [
        item
        | ({} if item["film_present"] else {"film": "/does/not/exist"})
        | ({} if item["note_present"] else {"note": "severe oedema"})
        for item in items
    ]
    assert spoilt != items
    before, after = features(items, folder), features(spoilt, folder)
    assert np.array_equal(before.values, after.values, equal_nan=True)


def test_absent_modality_is_nan_throughout(cohort):
    folder, items = cohort
    features = HaimFeatures.fit(items, Cohort(folder).model_spec())
    blind = [
        item | {"series_present": False, "table_present": False, "film_present": False, "note_present": False}
        for item in items
    ]
    assert np.isnan(features(blind, folder).values).all()


def test_order_of_samples_does_not_matter(cohort):
    folder, items = cohort
    features = HaimFeatures.fit(items, Cohort(folder).model_spec())
    assert np.array_equal(features(items[::-1], folder).values[::-1], features(items, folder).values, equal_nan=True)


def test_writing_and_reading_gives_the_same_table(cohort, tmp_path):
    folder, items = cohort
    spec = Cohort(folder).model_spec()
    features = HaimFeatures.fit(items, spec)
    features.write(tmp_path)
    again = HaimFeatures.read(tmp_path, spec)
    assert np.array_equal(again(items, folder).values, features(items, folder).values, equal_nan=True)


def test_a_changed_vocabulary_is_refused(cohort, tmp_path):
    folder, items = cohort
    spec = Cohort(folder).model_spec()
    HaimFeatures.fit(items, spec).write(tmp_path)
    (tmp_path / "notes.json").write_text((tmp_path / "notes.json").read_text().replace("oedema", "oedemb", 1))
    with pytest.raises(InputRejected, match="HASH_MISMATCH"):
        HaimFeatures.read(tmp_path, spec)


def test_a_modality_without_any_content_on_train_is_left_out(cohort):
    folder, items = cohort
    spec = Cohort(folder).model_spec(modalities=["film"])
    without = [item | {"film_present": False} for item in items]
    with pytest.raises(InputRejected, match="ALL_MODALITIES_MISSING"):
        HaimFeatures.fit(without, spec)(items, folder)
