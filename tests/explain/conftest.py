"""A tiny network of every modality, one case for it, and its open form."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from monai_app.cohort.spec import (
    Channel,
    FilmSpec,
    ModalitySpec,
    ModelSpec,
    NoteSpec,
    SeriesSpec,
    TableField,
    TableSpec,
    TaskSpec,
)
from monai_app.core.random import scoped_torch_seed
from monai_app.explain.baselines import TRAIN_MEDIAN, Baselines
from monai_app.explain.case import OpenCase, open_case
from monai_app.explain.target import find_target
from monai_app.networks import AttentionFusion, MultimodalNetwork, default_encoders

WIDTH = 8
Case = dict[str, Tensor]


class TinyFilm(nn.Module):
    """A film ``(B, 1, H, W)`` -> one token, smooth everywhere."""

    tokens, width = 1, WIDTH

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 4, 8, 8), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 16, WIDTH))

    def forward(self, film: Tensor) -> Tensor:
        token: Tensor = self.layers(film)
        return token[:, None]


@pytest.fixture(scope="session")
def spec() -> ModelSpec:
    channels = tuple(Channel(name=f"c{i}", codes=(f"C{i}",), unit="mmHg") for i in range(3))
    fields = (
        TableField(name="age", codes=("AGE",), unit="a"),
        TableField(name="sex", codes=("SEX",), kind="categorical", categories=("F", "M")),
    )
    return ModelSpec(
        modalities=ModalitySpec(
            film=FilmSpec(size_px=32),
            series=SeriesSpec(hours=6, channels=channels),
            table=TableSpec(fields=fields),
            note=NoteSpec(codes=("NOTE",), max_tokens=10),
        ),
        tasks=(
            TaskSpec(name="death", kind="binary"),
            TaskSpec(name="findings", kind="multilabel", classes=("a", "b")),
            TaskSpec(name="type", kind="multiclass", classes=("x", "y", "z")),
            TaskSpec(name="stay", kind="regression", unit="d"),
            TaskSpec(name="survival", kind="survival", unit="d", bin_edges=(1.0, 2.0)),
        ),
    )


@pytest.fixture(scope="session")
def build(spec: ModelSpec) -> Callable[..., MultimodalNetwork]:
    """``build(fusion)``: a network with spread-out weights, so that every modality matters."""

    def built(fusion: Callable[..., nn.Module] = AttentionFusion, **encoders: str) -> MultimodalNetwork:
        with scoped_torch_seed(0, "tiny"):
            made = default_encoders(
                spec.model_copy(update={"modalities": _without_film(spec)}), width=WIDTH, **encoders
            )  # type: ignore[arg-type]
            network = MultimodalNetwork(spec, {"film": TinyFilm(), **made}, fusion(spec, width=WIDTH)).eval()
            for encoder in made.values():
                for parameter in encoder.parameters():
                    if parameter.ndim > 1:
                        parameter.data.mul_(1.5)
        return network

    return built


def _without_film(spec: ModelSpec) -> ModalitySpec:
    return spec.modalities.model_copy(update={"film": None})


@pytest.fixture(scope="session")
def network(build: Callable[..., MultimodalNetwork]) -> MultimodalNetwork:
    return build()


@pytest.fixture
def inputs() -> Case:
    """One case: a channel unknown at first, a value carried forward, a field unknown, a note of five words."""
    generator = torch.Generator().manual_seed(1)
    values = torch.randn(1, 6, 3, generator=generator)
    mask = torch.ones(1, 6, 3)
    mask[0, 3:, 1], values[0, 3:, 1] = 0, values[0, 2, 1]
    mask[0, :2, 2], values[0, :2, 2] = 0, torch.nan
    table = torch.tensor([[[0.7, 1.0, torch.nan], [0.0, 0.0, 0.0]]])
    note = torch.tensor([[2, 11, 12, 13, 14, 15, 3, 0, 0, 0]])
    film = torch.rand(1, 1, 32, 32, generator=generator)
    return {"film": film, "series": torch.stack([values, mask, 1 - mask], dim=1), "table": table, "note": note} | {
        f"{name}_present": torch.ones(1, dtype=torch.bool) for name in ("film", "series", "table", "note")
    }


@pytest.fixture(scope="session")
def baselines() -> Baselines:
    return Baselines(np.zeros(3, np.float32), np.array([-0.5, 0, 0.5], np.float32), 4, TRAIN_MEDIAN)


@pytest.fixture
def opened(network: MultimodalNetwork, spec: ModelSpec, inputs: Case, baselines: Baselines) -> Callable[..., OpenCase]:
    """``opened(table=...)``: the case with some inputs of its own."""
    target = find_target(spec, "death")
    return lambda **other: open_case(network, spec, inputs | other, target, baselines)


@pytest.fixture
def case(opened: Callable[..., OpenCase]) -> OpenCase:
    return opened()
