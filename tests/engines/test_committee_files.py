from __future__ import annotations

import json

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.engines.committee import Plan, grow_committee
from monai_app.engines.committee_files import read_committees, write_committees
from tests.engines.test_committee import ALL, FAST, TASK, _data


@pytest.fixture(scope="module")
def grown():
    plan = Plan({"trees": [5] * 3, "random_thresholds": [5] * 3}, dict.fromkeys(ALL, 0.3), -0.1)
    return grow_committee(TASK, *_data(), plan, FAST, seed=0)


def test_a_committee_read_again_predicts_the_same_bits(grown, tmp_path):
    record = json.loads(json.dumps(write_committees(tmp_path, {TASK.name: grown}), sort_keys=True))
    again = read_committees(tmp_path, record)[TASK.name]
    inputs = _data()[0]
    assert np.array_equal(again.predict(TASK, inputs), grown.predict(TASK, inputs))


def test_every_file_has_its_hash_and_a_changed_one_is_refused(grown, tmp_path):
    record = write_committees(tmp_path, {TASK.name: grown})
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".sha256"]
    assert files and all(path.with_name(f"{path.name}.sha256").is_file() for path in files)
    (tmp_path / "linear.safetensors").write_bytes((tmp_path / "linear.safetensors").read_bytes()[:-1] + b"\1")
    with pytest.raises(InputRejected, match="HASH_MISMATCH"):
        read_committees(tmp_path, record)


def test_a_record_of_trees_alone_is_still_read(grown, tmp_path):
    record = write_committees(tmp_path, {TASK.name: grown})[TASK.name]["members"]["trees"]
    again = read_committees(tmp_path, {TASK.name: record})[TASK.name]
    assert again.weights == {"trees": 1.0} and set(again.members) == {"trees"}
