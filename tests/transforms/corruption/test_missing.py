"""Missing modalities: bits only, at the rate asked for, one always left, recorded by name."""

from __future__ import annotations

import json

import numpy as np

from monai_app.cohort.spec import Modality
from monai_app.transforms.corruption.missing import Missingd
from monai_app.transforms.presence import presence_key
from tests.transforms.corruption.samples import same, sample

NAMES = tuple(Modality)


def test_rate_zero_changes_nothing_but_the_record() -> None:
    given = sample()
    result = Missingd(NAMES, 0.0)(given)
    assert result.pop("corruption_missing")["parameters"] == {"missing": []}
    assert result.keys() == given.keys() and all(result[key] is given[key] for key in given)


def test_one_modality_stays_and_contents_too() -> None:
    given = sample()
    result = Missingd(NAMES, 1.0).set_random_state(seed=0)(given)
    assert sum(result[presence_key(name)] for name in NAMES) == 1
    assert all(same(result[name], given[name]) for name in NAMES)


def test_record_names_what_is_gone() -> None:
    result = Missingd(NAMES, {"film": 1.0, "series": 0.0, "table": 0.0, "note": 0.0})(sample())
    record = json.loads(json.dumps(result["corruption_missing"]))
    assert record["parameters"] == {"missing": ["film"]} and record["p_miss"]["film"] == 1.0


def test_rate_is_the_one_asked_for() -> None:
    transform = Missingd(NAMES, 0.3).set_random_state(seed=0)
    given = {presence_key(name): True for name in NAMES}
    gone = [len(transform(given)["corruption_missing"]["parameters"]["missing"]) for _ in range(2000)]
    assert abs(np.mean(gone) / 4 - 0.3) < 0.02
