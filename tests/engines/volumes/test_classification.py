"""Classifiers of volumes are evaluated like every model: predictions with spread, sights for novelty."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from monai_app.cohort.volume_targets import ClassificationSpec, VolumeTarget
from monai_app.engines.data import SampleDataset, sample_loader
from monai_app.engines.volumes.classification import (
    ClassificationEvaluator,
    classification_title,
    observe_volumes,
    target_statistics,
    volume_statistics,
)
from monai_app.networks.volume import VolumeClassifier

SPEC = ClassificationSpec(
    modality="CT",
    spacing_mm=(5, 5, 5),
    shape=(32, 32, 32),
    targets=(
        VolumeTarget(name="lesion", values=(1,), edges_ml=(1.0,)),
        VolumeTarget(name="size", values=(1,), edges_ml=(1.0, 5.0)),
    ),
)


@pytest.fixture
def network() -> VolumeClassifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return VolumeClassifier(SPEC.tasks, init_features=4, growth_rate=4, blocks=(1, 1), hidden=8, samples=5).eval()


@pytest.fixture
def items() -> list[dict[str, object]]:
    generator = torch.Generator().manual_seed(0)
    return [
        {
            "image": torch.rand(1, 32, 32, 32, generator=generator),
            "volume_present": True,
            "subject_id": 7 + row,
            "prediction_time": 0,
            "label_lesion": np.array([row % 2], np.float32),
            "label_size": np.array([row % 3], np.float32),
        }
        for row in range(5)
    ]


def test_predictions_are_those_of_the_network_with_their_spread(network: VolumeClassifier, items: list) -> None:
    loader = sample_loader(SampleDataset(items), batch_size=2)
    predictions = ClassificationEvaluator(torch.device("cpu"), loader, network).predict(SPEC)
    with torch.no_grad():
        output = network(torch.stack([item["image"] for item in items]))
    found = predictions.tasks["lesion"]
    np.testing.assert_allclose(found.score, output.logits["lesion"].sigmoid(), atol=1e-5)
    np.testing.assert_allclose(found.spread, output.extras["spread_lesion"], atol=1e-5)
    np.testing.assert_array_equal(found.label[:, 0], [0, 1, 0, 1, 0])
    assert predictions.modalities == ("volume",) and predictions.present.all()
    assert predictions.subject_id.tolist() == [7, 8, 9, 10, 11]


def test_every_volume_is_seen_in_its_order(network: VolumeClassifier, items: list) -> None:
    whole, parts = (
        observe_volumes(network, sample_loader(SampleDataset(items), batch_size=size))["volume"] for size in (5, 2)
    )
    assert whole.present.all() and whole.tokens.shape == (5, len(network.features(items[0]["image"][None])[0]))
    np.testing.assert_allclose(whole.tokens, parts.tokens, atol=1e-5)
    np.testing.assert_allclose(whole.inputs, parts.inputs)


def test_statistics_of_a_constant_are_the_constant_whatever_the_channels() -> None:
    assert (volume_statistics(torch.full((2, 1, 8, 9, 10), 0.5)) == 0.5).all()
    assert volume_statistics(torch.zeros(2, 3, 8, 9, 10)).shape == (2, 74)


def test_heads_start_at_the_prevalence_of_the_train_targets(items: list) -> None:
    statistics = target_statistics(items, SPEC)
    assert statistics["target_mean_lesion"] == pytest.approx([0.4])
    assert statistics["target_mean_size"] == pytest.approx([0.4, 0.4, 0.2])


def test_title_names_system_and_targets() -> None:
    assert classification_title("narrow", SPEC) == "narrow: lesion, size (CT)"
