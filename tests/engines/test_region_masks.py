"""Regions lie where the film's letterbox puts them; what has no mask is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.spec import ModelSpec
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.engines.region_masks import film_regions
from monai_app.phantom.cohort import write_phantom

Item = dict[str, object]


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("phantom") / "cohort"
    write_phantom(folder, patients=6, seed=0)
    return folder


@pytest.fixture(scope="module")
def spec(cohort: Path) -> ModelSpec:
    return Cohort(cohort).model_spec(None, None)


@pytest.fixture(scope="module")
def item(cohort: Path, spec: ModelSpec) -> Item:
    masked = pl.read_parquet(cohort / "masks.parquet")["subject_id"].to_list()
    found = [i for i in split_items(cohort, None, spec) if i["film_present"] and i["subject_id"] in masked]
    return found[0]


def test_lungs_lie_beside_each_other_and_make_one_region(cohort: Path, spec: ModelSpec, item: Item) -> None:
    found = film_regions(cohort, item, spec, ["lung_left", "lung_right", "lung_left+lung_right", "heart"])
    left, right, both, heart = found.values()
    assert left.shape == (224, 224) and (both >= (left | right)).all() and not (left & right).any()
    # As films are hung: the patient's left is on the reader's right.
    assert np.nonzero(left)[1].mean() > np.nonzero(heart)[1].mean() > np.nonzero(right)[1].mean()
    assert 0.1 < both.mean() < 0.6 and both.sum() < 1.02 * (left | right).sum()


def test_none_asked_is_none_read(tmp_path: Path, spec: ModelSpec, item: Item) -> None:
    assert film_regions(tmp_path, item, spec, []) == {}


def test_unknown_region_is_answered_with_the_known_ones(cohort: Path, spec: ModelSpec, item: Item) -> None:
    with pytest.raises(InputRejected, match="REGION_UNKNOWN.*effusion"):
        film_regions(cohort, item, spec, ["luck"])


def test_case_without_film_or_mask_is_refused(cohort: Path, spec: ModelSpec, item: Item) -> None:
    for other in ({"film_present": False}, {"film": "elsewhere"}, {"subject_id": -1}):
        with pytest.raises(InputRejected, match="NO_MASKS"):
            film_regions(cohort, item | other, spec, ["heart"])
