from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from monai_app.cohort.normalisation import fit_statistics
from monai_app.engines.build import seeded_network, with_statistics
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.evaluator import MultimodalEvaluator
from monai_app.engines.prediction_files import prediction_rows, write_prediction_files
from monai_app.engines.predictions import Predictions
from monai_app.networks import LateFusion, MultimodalNetwork
from tests.engines.tiny import SPEC, WIDTH, tiny_encoders, tiny_items

TOLERANCE = 1e-5
"""Between batch sizes: sums are taken in another order."""


@pytest.fixture(scope="module")
def network() -> MultimodalNetwork:
    built = seeded_network(SPEC, partial(tiny_encoders, SPEC), partial(LateFusion, SPEC, width=WIDTH), seed=3)
    return with_statistics(built, fit_statistics(tiny_items(20), SPEC), torch.device("cpu"))


def predict(network: MultimodalNetwork, items: list, batch_size: int = 4) -> Predictions:
    loader = sample_loader(SampleDataset(items), batch_size=batch_size)
    return MultimodalEvaluator(torch.device("cpu"), loader, network).predict(SPEC)


def test_batch_size_changes_nothing(network: MultimodalNetwork) -> None:
    one, eight = (predict(network, tiny_items(17), size) for size in (1, 8))
    for name in one.tasks:
        assert np.allclose(one.tasks[name].score, eight.tasks[name].score, atol=TOLERANCE, rtol=TOLERANCE)


def test_order_of_samples_changes_nothing(network: MultimodalNetwork) -> None:
    items, order = tiny_items(17), np.random.default_rng(0).permutation(17)
    straight, shuffled = predict(network, items), predict(network, [items[row] for row in order])
    assert np.array_equal(straight.subject_id[order], shuffled.subject_id)
    for name in straight.tasks:
        assert np.allclose(
            straight.tasks[name].score[order], shuffled.tasks[name].score, atol=TOLERANCE, rtol=TOLERANCE
        )


def test_predicting_leaves_the_network_as_it_was(network: MultimodalNetwork) -> None:
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    predict(network, tiny_items(5))
    assert network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_unlabelled_samples_are_predicted(network: MultimodalNetwork) -> None:
    items = [{**item, "label_death": np.array([np.nan], np.float32)} for item in tiny_items(3)]
    predicted = predict(network, items)
    assert np.isfinite(predicted.tasks["death"].score).all() and np.isnan(predicted.tasks["death"].label).all()


def test_files_tell_presence_weights_and_scores(network: MultimodalNetwork, tmp_path) -> None:
    predicted = predict(network, tiny_items(4))
    assert write_prediction_files(predicted, tmp_path)["samples"] == 4
    row = prediction_rows(Predictions.read(tmp_path / "predictions.parquet"))[0]
    assert row["present"] == {"series": True, "table": True, "note": True}
    assert row["modality_weights"]["table"] == pytest.approx(1 / 3)
    assert row["subject_id"] == 1000 and row["prediction_time"] == "1970-01-01T00:00:00"
    assert 0 < row["scores"]["death"]["value"] < 1
    assert "Not for diagnosis" in (tmp_path / "predictions.json").read_text()
