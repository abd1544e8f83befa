from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from monai_app.cohort.spec import TaskKind, TaskSpec
from monai_app.core.errors import AppError, InputRejected
from monai_app.core.random import numpy_generator
from monai_app.core.tables import write_parquet
from monai_app.engines.predictions import Predictions, TaskPredictions, from_items

TASKS = (
    TaskSpec(name="mortality", kind=TaskKind.BINARY),
    TaskSpec(name="finding", kind=TaskKind.MULTILABEL, classes=("oedema", "pneumonia")),
    TaskSpec(name="stage", kind=TaskKind.MULTICLASS, classes=("1", "2", "3")),
    TaskSpec(name="stay", kind=TaskKind.REGRESSION, unit="d"),
    TaskSpec(name="death", kind=TaskKind.SURVIVAL, unit="d", bin_edges=(1.0, 7.5, 30.0)),
)


def _predictions(n: int = 5) -> Predictions:
    random = numpy_generator("tests/predictions")
    tasks = {}
    for task in TASKS:
        label = random.random((n, len(task.columns)))
        label[::2] = np.nan
        tasks[task.name] = TaskPredictions(task, random.random((n, task.outputs)), label)
    return Predictions(
        subject_id=np.arange(n),
        prediction_time=np.full(n, 946_684_800_000_000),
        modalities=("film", "series"),
        present=random.random((n, 2)) < 0.5,
        weights=random.random((n, 2)),
        groups={"sex": np.array(["F", "M", "", "F", "M"][:n]), "age_years": np.array([1.0, np.nan, 3, 4, 5][:n])},
        tasks=tasks,
    )


def _same(first: Predictions, second: Predictions) -> None:
    for name in ("subject_id", "prediction_time", "present", "weights"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.modalities == second.modalities and set(first.groups) == set(second.groups)
    for name in first.groups:
        np.testing.assert_array_equal(first.groups[name], second.groups[name])
    for name, task in first.tasks.items():
        assert task.spec == second.tasks[name].spec
        np.testing.assert_array_equal(task.score, second.tasks[name].score)
        np.testing.assert_array_equal(task.label, second.tasks[name].label)


@pytest.mark.parametrize("n", [5, 1, 0])
def test_parquet_round_trip_is_exact(tmp_path, n):
    predictions = _predictions().take(np.arange(n))
    predictions.write(tmp_path / "p.parquet")
    _same(predictions, Predictions.read(tmp_path / "p.parquet"))


def _with_abstained(predictions: Predictions) -> Predictions:
    silent = {"mortality": np.arange(5)[:, None] > 2, "finding": np.arange(10).reshape(5, 2) % 3 == 0}
    tasks = {name: replace(task, abstained=silent.get(name)) for name, task in predictions.tasks.items()}
    return replace(predictions, tasks=tasks)


def test_abstained_survives_file_selection_and_join(tmp_path):
    whole = _with_abstained(_predictions())
    whole.write(tmp_path / "p.parquet")
    joined = Predictions.join([whole.take(np.arange(2)), whole.take(np.arange(2, 5))])
    for after in (Predictions.read(tmp_path / "p.parquet"), joined):
        for name in ("mortality", "finding"):
            np.testing.assert_array_equal(after.tasks[name].abstained, whole.tasks[name].abstained)
        assert after.tasks["stay"].abstained is None
    assert Predictions.join([whole, _predictions()]).tasks["mortality"].abstained is None


def test_equal_predictions_are_equal_bytes(tmp_path):
    for name in ("a", "b"):
        _predictions().write(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_taking_in_two_orders_agrees():
    predictions, order = _predictions(), np.array([3, 0, 4, 1, 2])
    _same(predictions.take(order).take(np.argsort(order)), predictions)


def test_foreign_and_missing_files_are_refused(tmp_path):
    with pytest.raises(InputRejected, match="FILE_NOT_FOUND"):
        Predictions.read(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("no parquet")
    with pytest.raises(InputRejected, match="PREDICTIONS_UNREADABLE"):
        Predictions.read(tmp_path / "text.parquet")
    write_parquet(tmp_path / "other.parquet", pl.DataFrame({"a": [1]}))
    with pytest.raises(InputRejected, match="PREDICTIONS_UNREADABLE"):
        Predictions.read(tmp_path / "other.parquet")


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(AppError, match=r"SHAPE_MISMATCH.*score of task stage"):
        TaskPredictions(TASKS[2], np.zeros((4, 2)), np.zeros((4, 1)))
    with pytest.raises(AppError, match=r"SHAPE_MISMATCH.*abstained of task mortality"):
        TaskPredictions(TASKS[0], np.zeros((4, 1)), np.zeros((4, 1)), np.zeros((4, 2), bool))
    whole = _predictions()
    with pytest.raises(AppError, match=r"SHAPE_MISMATCH.*present"):
        Predictions(whole.subject_id, whole.prediction_time, ("film",), whole.present, whole.tasks)


def test_flags_survive_file_selection_and_join(tmp_path):
    flags = np.array([[True, False], [False, False], [False, True], [True, True], [False, False]])
    made = replace(_predictions(), out_of_distribution=flags)
    made.write(tmp_path / "p.parquet")
    np.testing.assert_array_equal(Predictions.read(tmp_path / "p.parquet").out_of_distribution, flags)
    assert pl.read_parquet(tmp_path / "p.parquet")["out_of_distribution/series"].to_list() == flags[:, 1].tolist()
    np.testing.assert_array_equal(made.take(np.array([3, 0])).out_of_distribution, flags[[3, 0]])
    np.testing.assert_array_equal(Predictions.join([made, made]).out_of_distribution, np.tile(flags, (2, 1)))
    assert Predictions.join([made, _predictions()]).out_of_distribution is None
    with pytest.raises(AppError, match="SHAPE_MISMATCH.*out_of_distribution"):
        replace(made, out_of_distribution=flags[:, :1])


def test_items_and_scores_join_in_order():
    items = [
        {
            "subject_id": 7 + i,
            "prediction_time": i,
            "film_present": i == 0,
            "series_present": True,
            "group_sex": "F",
            "label_mortality": np.array([np.nan if i else 1.0], np.float32),
        }
        for i in range(2)
    ]
    made = from_items(items, TASKS[:1], ("film", "series"), {"mortality": np.array([[0.2], [0.3]])})
    assert made.subject_id.tolist() == [7, 8] and made.present.tolist() == [[True, True], [False, True]]
    assert made.tasks["mortality"].score.tolist() == [[0.2], [0.3]]
    assert made.groups["sex"].tolist() == ["F", "F"] and np.isnan(made.tasks["mortality"].label[1, 0])


def test_spread_survives_the_round_trip_taking_and_joining(tmp_path):
    made = _predictions()
    task = made.tasks["finding"]
    spread = numpy_generator("tests/spread").random(task.score.shape)
    made = replace(made, tasks={**made.tasks, "finding": replace(task, spread=spread)})
    made.write(tmp_path / "p.parquet")
    read = Predictions.read(tmp_path / "p.parquet")
    np.testing.assert_array_equal(read.tasks["finding"].spread, spread)
    assert read.tasks["mortality"].spread is None
    parts = [read.take(np.arange(2)), read.take(np.arange(2, 5))]
    np.testing.assert_array_equal(Predictions.join(parts).tasks["finding"].spread, spread)
    with pytest.raises(AppError, match="SHAPE_MISMATCH.*spread"):
        replace(task, spread=spread[:, :1])
