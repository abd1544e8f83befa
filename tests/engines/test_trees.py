from __future__ import annotations

import numpy as np
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.engines.evaluation import measure_predictions
from monai_app.engines.film_features import FilmStatistics
from monai_app.engines.trees import TreesTrainer, read_trees, tuning_predictions
from tests.engines.every_kind import write_every_kind

FAST = {"seeds": 2, "rounds": 20, "patience": 5, "learning_rate": 0.2, "min_leaf": 4, "forest_trees": 10, "threads": 1}


class World:
    """A cohort, its items, and trees trained on it."""

    def __init__(self, root):
        self.cohort = write_every_kind(root / "cohort")
        self.spec = Cohort(self.cohort).model_spec()
        self.train, self.tuning, self.test = (
            split_items(self.cohort, split, self.spec) for split in ("train", "tuning", "held_out")
        )
        self.folder = root / "model"
        self.fit(self.folder)

    def fit(self, folder, **options):
        TreesTrainer(self.train, self.tuning, self.cohort, self.spec, folder, **(FAST | options)).run()
        return folder


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    return World(tmp_path_factory.mktemp("trees"))


def _same(first, second):
    return all(np.array_equal(first.tasks[name].score, second.tasks[name].score) for name in first.tasks)


def test_every_kind_of_task_is_learnt_and_measured(world):
    predictions = read_trees(world.folder).predict(world.test, world.cohort)
    results = measure_predictions(predictions, tuning=tuning_predictions(world.folder), title="t", bootstrap=0, seed=0)[
        "tasks"
    ]
    assert results["death"]["headline"]["auroc"]["value"] > 0.8
    assert results["diagnosis"]["classes"]["pneumonia"]["metrics"]["auroc"]["value"] > 0.8
    assert results["diagnosis"]["classes"]["oedema"]["metrics"]["auroc"]["value"] is None
    assert results["place"]["headline"]["auroc"]["value"] > 0.7
    assert results["stay"]["headline"]["r2"]["value"] > 0.3
    assert results["survival"]["headline"]["concordance_index"]["value"] > 0.7


def test_the_folder_holds_text_and_tensors_with_hashes_only(world):
    files = {path.relative_to(world.folder).as_posix() for path in world.folder.rglob("*") if path.is_file()}
    assert {"spec.json", "trees.json", "notes.json", "projections.safetensors", "tuning_predictions.parquet"} <= files
    hashed = {name for name in files if not name.endswith(".sha256")} - {"spec.json", "tuning_predictions.parquet"}
    assert {f"{name}.sha256" for name in hashed} <= files
    assert {name.rpartition(".")[2] for name in files} == {"json", "txt", "safetensors", "sha256", "parquet"}


def test_same_seed_same_bytes(world, tmp_path):
    again = world.fit(tmp_path / "again")
    for path in world.folder.rglob("*.txt"):
        assert path.read_bytes() == (again / path.relative_to(world.folder)).read_bytes()
    assert (again / "trees.json").read_bytes() == (world.folder / "trees.json").read_bytes()


def test_one_sample_and_many_agree(world):
    model = read_trees(world.folder)
    whole = model.predict(world.test, world.cohort)
    single = model.predict(world.test[3:4], world.cohort)
    assert _same(whole.take(np.array([3])), single)


def test_a_changed_tree_is_refused(world, tmp_path):
    folder = world.fit(tmp_path / "spoilt")
    tree = next((folder / "trees").rglob("*.txt"))
    tree.write_text(tree.read_text().replace("leaf_value=", "leaf_value=1", 1))
    with pytest.raises(InputRejected, match="HASH_MISMATCH"):
        read_trees(folder)


def test_refitted_trees_keep_the_tuning_predictions_of_those_that_never_saw_tuning(world, tmp_path):
    folder = world.fit(tmp_path / "refit", refit=True)
    assert _same(tuning_predictions(folder), tuning_predictions(world.folder))
    plain, refitted = (read_trees(each).predict(world.test, world.cohort) for each in (world.folder, folder))
    assert not _same(plain, refitted)


def test_tuning_predictions_are_those_of_the_written_trees(world):
    assert _same(tuning_predictions(world.folder), read_trees(world.folder).predict(world.tuning, world.cohort))


def test_a_model_may_come_without_tuning_predictions(tmp_path):
    assert tuning_predictions(tmp_path) is None


def test_other_film_features_than_those_of_training_are_refused(world):
    other = FilmStatistics()
    other.name = "other"
    with pytest.raises(InputRejected, match=r"MODEL_MISFIT.*other"):
        read_trees(world.folder, other)


def test_other_columns_than_those_of_training_are_refused(world):
    model = read_trees(world.folder)
    table = model.features(world.test, world.cohort)
    renamed = type(table)(table.values, tuple(f"x{name}" for name in table.names))
    with pytest.raises(InputRejected, match="MODEL_MISFIT"):
        model.predict_table(world.test, renamed, None)


def test_no_model_is_named(tmp_path):
    with pytest.raises(InputRejected, match="MODEL_MISSING"):
        read_trees(tmp_path)
