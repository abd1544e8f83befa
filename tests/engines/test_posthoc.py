"""Post-hoc calibration of a model folder: fitted once on tuning, stored, taken again, refused for other weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from monai_app.core.errors import InputRejected
from monai_app.core.loading import write_checked_text
from monai_app.engines.calibration_maps import Method
from monai_app.engines.posthoc import Calibration, calibration_of, fit_calibration, parse_method, stored_calibration
from tests.engines.simulated import simulated

TUNING, OTHER = simulated(200, seed=1), simulated(200, seed=2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_checked_text(tmp_path / "model.safetensors", "weights")
    return tmp_path


@pytest.mark.parametrize("method", list(Method))
def test_what_is_stored_gives_the_same_bits(folder: Path, method: Method) -> None:
    fitted = calibration_of(TUNING, folder, method)
    read = stored_calibration(folder, method)
    for name, task in fitted.apply(OTHER).tasks.items():
        np.testing.assert_array_equal(task.score, read.apply(OTHER).tasks[name].score)


def test_regression_and_survival_stay_as_they_are() -> None:
    after = fit_calibration(TUNING, Method.VECTOR, {"model": "0"}).apply(OTHER)
    assert all(after.tasks[name] is OTHER.tasks[name] for name in ("stay", "survival"))
    assert all((after.tasks[name].score != OTHER.tasks[name].score).any() for name in ("mortality", "phenotype"))


def test_stored_record_is_taken_again_until_asked_to_refit(folder: Path) -> None:
    first = calibration_of(TUNING, folder, Method.VECTOR)
    assert calibration_of(OTHER, folder, Method.VECTOR) == calibration_of(None, folder, Method.VECTOR) == first
    again = calibration_of(OTHER, folder, Method.VECTOR, refit=True)
    assert again != first and Calibration.stored(folder) == again


def test_other_weights_or_method_are_refitted_in_evaluation_and_refused_in_inference(folder: Path) -> None:
    first = calibration_of(TUNING, folder, Method.TEMPERATURE)
    with pytest.raises(InputRejected, match=r"CALIBRATION_MISSING.*got temperature.*expected vector"):
        stored_calibration(folder, Method.VECTOR)
    write_checked_text(folder / "model.safetensors", "trained again")
    with pytest.raises(InputRejected, match=r"CALIBRATION_MISSING.*got none"):
        stored_calibration(folder, Method.TEMPERATURE)
    assert calibration_of(TUNING, folder, Method.TEMPERATURE).model_files != first.model_files


def test_without_tuning_nothing_can_be_fitted(folder: Path) -> None:
    with pytest.raises(InputRejected, match="TUNING_MISSING"):
        calibration_of(None, folder, Method.ISOTONIC)
    assert not (folder / "posthoc.json").exists()


def test_none_is_none_and_unknown_is_refused(folder: Path) -> None:
    assert parse_method("none") is None and parse_method("vector") is Method.VECTOR
    assert calibration_of(TUNING, folder, None) is None and stored_calibration(folder, None) is None
    with pytest.raises(InputRejected, match=r"CALIBRATION_UNKNOWN.*platt"):
        parse_method("platt")


def test_task_that_it_was_not_fitted_for_is_refused() -> None:
    with pytest.raises(InputRejected, match=r"CALIBRATION_MISFIT.*mortality"):
        fit_calibration(simulated(40, tasks=("stay",)), Method.VECTOR, {"model": "0"}).apply(OTHER)
