"""What conditions say as columns, and vectors of films."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from monai_app.core.atomic import write_bytes
from monai_app.core.random import scoped_torch_seed
from monai_app.engines.generation.material import age_and_groups, film_vectors, told_targets, truth_targets
from monai_app.networks.encoders.film import FilmEncoder
from monai_app.networks.generation.film_features import FilmFeatures
from tests.engines.tiny import SPEC, tiny_items


def test_targets_are_labels_and_table_columns_unknown_where_absent() -> None:
    items = tiny_items(3)
    items[1]["table_present"] = False
    items[2]["label_death"] = np.array([np.nan], np.float32)
    targets = told_targets(items, SPEC)
    assert set(targets) == {"label death", "table age"}
    assert np.isnan(targets["table age"]).tolist() == [False, True, False]
    assert np.isnan(targets["label death"]).tolist() == [False, False, True]
    assert targets["table age"][0] == items[0]["table"][0, 0]


def test_truth_is_joined_by_subject_and_there_need_not_be_any(tmp_path: Path) -> None:
    stream_path = tmp_path / "latents.parquet"
    table = pl.DataFrame(
        {"subject_id": [1002, 1000], "z_heart": [2.0, 0.0], "z_film_heart": [9.0, 9.0], "other": [9.0, 9.0]}
    )
    import io

    stream = io.BytesIO()
    table.write_parquet(stream)
    write_bytes(stream_path, stream.getvalue())
    found = truth_targets(tiny_items(3), tmp_path, "latents.parquet")
    assert list(found) == ["truth heart"]
    assert np.array_equal(found["truth heart"], [0.0, np.nan, 2.0], equal_nan=True)
    assert truth_targets(tiny_items(3), tmp_path, "none.parquet") == truth_targets(tiny_items(3), tmp_path, None) == {}


def test_groups_are_text_and_ages_are_bands() -> None:
    groups = age_and_groups(
        [{"group_sex": "F", "group_age_years": 63.0}, {"group_sex": "M", "group_age_years": np.nan}]
    )
    assert groups == {"age_years": ["60-79", "unknown"], "sex": ["F", "M"]}


def test_vectors_of_a_film_do_not_depend_on_its_batch() -> None:
    with scoped_torch_seed("features"):
        features = FilmFeatures(FilmEncoder("densenet_narrow", width=8))
    films = np.random.default_rng(0).random((3, 64, 64)).astype(np.float32)
    deep, both = film_vectors(films, features)
    assert both.shape[1] == deep.shape[1] + 778
    assert np.allclose(film_vectors(films[1:2], features)[0], deep[1:2], atol=1e-5)
