"""Properties that every fusion system must have."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import nn

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.networks import AttentionFusion, EarlyFusion, LateFusion, MedFuse, MultimodalNetwork, default_encoders
from monai_app.networks.output import FusionOutput

Batch = dict[str, torch.Tensor]
FUSIONS = {
    "early": EarlyFusion,
    "late": LateFusion,
    "medfuse": MedFuse,
    "attention": AttentionFusion,
    "attention_pool": lambda spec, width: AttentionFusion(spec, width=width, pool="attention"),
}


class TinyFilmEncoder(nn.Module):
    """Batch normalisation included, for it lets samples see each other in training."""

    tokens, width = 4, 32

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 32, 3, stride=4), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(2)
        )

    def forward(self, film: torch.Tensor) -> torch.Tensor:
        return self.layers(film).flatten(2).transpose(1, 2)


def build(spec: ModelSpec, name: str, **options: str) -> MultimodalNetwork:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        without_film = spec.model_copy(update={"modalities": spec.modalities.model_copy(update={"film": None})})
        encoders = default_encoders(without_film, width=32, vocabulary_size=50, **options)
        encoders["film"] = TinyFilmEncoder()
        return MultimodalNetwork(spec, encoders, FUSIONS[name](spec, width=32)).eval()


def assert_equal(a: FusionOutput, b: FusionOutput, *, tolerance: float = 0.0) -> None:
    for task, logits in a.logits.items():
        torch.testing.assert_close(logits, b.logits[task], rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", FUSIONS)
def test_outputs_have_the_shape_of_their_tasks(name: str, spec: ModelSpec, make_batch: Callable[..., Batch]) -> None:
    output = build(spec, name)(make_batch())
    assert {task: tuple(value.shape) for task, value in output.logits.items()} == {
        "death": (6, 1), "findings": (6, 3), "type": (6, 3), "stay": (6, 1), "survival": (6, 3),
    }  # fmt: skip
    assert all(torch.isfinite(value).all() for value in output.logits.values())


@pytest.mark.parametrize("junk", [7.0, torch.nan, torch.inf])
@pytest.mark.parametrize("name", FUSIONS)
@pytest.mark.parametrize("training", [False, True])
def test_absent_modality_bytes_change_nothing(
    name: str, junk: float, training: bool, spec: ModelSpec, make_batch: Callable[..., Batch]
) -> None:
    clean, dirty = make_batch(), make_batch()
    for modality in ("film", "series", "table"):
        dirty[modality][~dirty[f"{modality}_present"]] = junk
    dirty["note"][~dirty["note_present"]] = 3
    outputs = []
    for batch in (clean, dirty):
        network = build(spec, name).train(training)
        with torch.random.fork_rng():
            torch.manual_seed(1)
            outputs.append(network(batch))
    assert_equal(*outputs)


@pytest.mark.parametrize("name", FUSIONS)
def test_a_batch_equals_its_samples_one_by_one_and_permuted(
    name: str, spec: ModelSpec, make_batch: Callable[..., Batch]
) -> None:
    network, batch = build(spec, name), make_batch()
    whole = network(batch)
    order = torch.tensor([3, 1, 5, 0, 2, 4])
    permuted = network({key: value[order] for key, value in batch.items()})
    for task, logits in whole.logits.items():
        singles = [network({key: value[i : i + 1] for key, value in batch.items()}).logits[task] for i in range(6)]
        torch.testing.assert_close(torch.cat(singles), logits, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(permuted.logits[task], logits[order], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("name", FUSIONS)
def test_every_parameter_of_a_present_modality_gets_a_gradient(
    name: str, spec: ModelSpec, make_batch: Callable[..., Batch]
) -> None:
    network = build(spec, name).train()
    output = network(make_batch())
    sum((value**2).sum() for value in output.logits.values()).backward()
    without = [key for key, parameter in network.named_parameters() if parameter.grad is None]
    assert without == []


@pytest.mark.parametrize("name", ["late", "attention_pool"])
def test_weights_sum_to_one_over_present_modalities(
    name: str, spec: ModelSpec, make_batch: Callable[..., Batch]
) -> None:
    network, batch = build(spec, name), make_batch()
    weights = network(batch).weights
    assert weights is not None
    torch.testing.assert_close(weights.sum(dim=1), torch.ones(6))
    assert (weights[~network.presence(batch)] == 0).all()


@pytest.mark.parametrize("series", ["transformer", "statistics"])
def test_other_series_encoders_fit_the_same_interface(
    series: str, spec: ModelSpec, make_batch: Callable[..., Batch]
) -> None:
    output = build(spec, "attention", series=series)(make_batch())
    assert all(torch.isfinite(value).all() for value in output.logits.values())


def test_a_sample_with_nothing_is_refused(spec: ModelSpec, make_batch: Callable[..., Batch]) -> None:
    batch = make_batch()
    for name in ("film", "series", "table", "note"):
        batch[f"{name}_present"][2] = False
    with pytest.raises(InputRejected, match="ALL_MODALITIES_MISSING.*1 such"):
        build(spec, "early")(batch)


def test_statistics_reach_encoders_and_heads(spec: ModelSpec, make_batch: Callable[..., Batch]) -> None:
    network = build(spec, "early")
    statistics = {
        "series_mean": np.arange(4.0), "series_std": np.ones(4), "table_mean": np.zeros(3), "table_std": np.zeros(3),
        "target_mean_stay": np.array([100.0]), "target_std_stay": np.array([5.0]),
        "target_mean_death": np.array([0.1]), "target_mean_findings": np.array([0.5, 0.1, 0.0]),
    }  # fmt: skip
    network.set_statistics(statistics)
    assert network.encoders["series"].input.scale.mean.tolist() == [0, 1, 2, 3]
    assert network.encoders["table"].scale.std.tolist() == [1, 1, 1]
    assert (network(make_batch()).logits["stay"] - 100).abs().max() < 25
    assert isinstance(network.fusion, nn.Module)
    assert network.fusion.heads.bias("death").item() == pytest.approx(np.log(0.1 / 0.9), abs=1e-5)
