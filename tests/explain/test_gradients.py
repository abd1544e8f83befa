"""Gradients are integrated exactly where the answer is known, and memory does not grow with the steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from monai_app.cohort.spec import ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.explain import gradients
from monai_app.explain.attribution_map import completeness_gap
from monai_app.explain.baselines import Baselines
from monai_app.explain.case import OpenCase, open_case
from monai_app.explain.gradients import (
    FIRST_STEPS,
    INTERNAL_BATCH,
    MOST_STEPS,
    TOLERANCE,
    embedding,
    gradient_shap,
    integrated_gradients,
)
from monai_app.explain.target import find_target
from monai_app.networks import EarlyFusion, MultimodalNetwork


def linear(case: OpenCase, weight: Tensor) -> OpenCase:
    """The case before a fusion that is linear in the film's token, which is linear in the film."""

    class Film(nn.Module):
        tokens, width = 1, 8

        def forward(self, film: Tensor) -> Tensor:
            return (film[:, 0] * weight).sum(dim=(1, 2))[:, None, None].expand(-1, 1, 8)

    class Straight(nn.Module):
        def forward(self, tokens: dict[str, Tensor], present: Tensor) -> object:
            return type("Output", (), {"logits": {"death": tokens["film"][:, 0, :1]}})

    network = case.network
    encoders = nn.ModuleDict({**dict(network.encoders.items()), "film": Film()})
    changed = MultimodalNetwork.__new__(MultimodalNetwork)
    nn.Module.__init__(changed)
    changed.modalities, changed.encoders, changed.fusion = network.modalities, encoders, Straight()
    return replace(case, network=changed)


def test_linear_model_is_explained_by_its_weights(case: OpenCase) -> None:
    weight = torch.randn(32, 32, generator=torch.Generator().manual_seed(0))
    straight = linear(case, weight)
    view = straight.view("film")
    expected = (weight * (view.original - view.baseline))[0]
    for found in (
        integrated_gradients(straight, view, float(expected.sum())),
        gradient_shap(straight, view, samples=4),
    ):
        torch.testing.assert_close(found.values, expected, rtol=1e-3, atol=1e-5)
    assert integrated_gradients(straight, view, float(expected.sum())).evaluations == FIRST_STEPS


def film_change(case: OpenCase) -> float:
    view = case.view("film")
    return case.score - case.scorer("film")(view.assemble(view.baseline)).item()


def test_points_are_added_until_the_gap_closes(case: OpenCase) -> None:
    view, change = case.view("film"), film_change(case)
    found = integrated_gradients(case, view, change)
    assert FIRST_STEPS <= found.evaluations < MOST_STEPS and found.precision == "fp32"
    assert completeness_gap(float(found.values.double().sum()), change) < TOLERANCE
    assert integrated_gradients(case, view, 1e6).evaluations == FIRST_STEPS  # the pieces add up, to something else
    assert integrated_gradients(case, view, 1e6, steps=3).evaluations == 3


@pytest.mark.parametrize("cosine", [0.999, 0.9, None])
def test_further_points_are_rounded_where_that_changes_little(
    cosine: float | None, case: OpenCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, rounds = case.view("film"), []
    monkeypatch.setattr(gradients, "trunk_of", lambda encoder: encoder.layers)
    monkeypatch.setattr(gradients, "rounding_cosine", lambda *_: cosine)
    monkeypatch.setattr(gradients, "rounded", lambda _: noted(rounds))
    assert integrated_gradients(case, view, film_change(case)).rounding_cosine is None and not rounds
    found = integrated_gradients(case, view, film_change(case) + 1)
    assert (found.precision, found.rounding_cosine) == ("fp32+bf16" if cosine == 0.999 else "fp32", cosine)
    assert len(rounds) == (cosine == 0.999)


@contextmanager
def noted(calls: list[str]) -> Iterator[None]:
    calls.append("bf16")
    yield


def test_a_path_is_computed_in_parts(case: OpenCase, monkeypatch: pytest.MonkeyPatch) -> None:
    view, sizes = case.view("film"), []
    forward = case.encoder("film").forward
    monkeypatch.setattr(case.encoder("film"), "forward", lambda x: (sizes.append(len(x)), forward(x))[1])
    integrated_gradients(case, view, 0.0, steps=64)
    assert max(sizes) == INTERNAL_BATCH["film"] and sum(sizes) == 64


@pytest.mark.parametrize("note", ["small", "bag"])
def test_words_are_explained_whatever_reads_them(
    note: str,
    build: Callable[..., MultimodalNetwork],
    spec: ModelSpec,
    inputs: dict[str, Tensor],
    baselines: Baselines,
) -> None:
    case = open_case(build(EarlyFusion, note=note), spec, inputs, find_target(spec, "death"), baselines)
    view = case.view("note")
    with torch.no_grad():
        change = case.score - float(case.scorer("note")(view.baseline)[0])
    for values in (
        integrated_gradients(case, view, change).values,
        gradient_shap(case, view, samples=256).values,
    ):
        assert values.shape == (10,) and (values[~torch.from_numpy(view.features)] == 0).all()
        assert float(values.sum()) == pytest.approx(change, rel=0.2, abs=0.01)


def test_unknown_note_encoder_is_refused() -> None:
    with pytest.raises(InputRejected, match="NO_EMBEDDING"):
        embedding(nn.Identity())
