"""Infidelity is zero for a map that is the model, one for noise; random weights give another map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from monai_app.explain.case import OpenCase
from monai_app.explain.methods import Method, attribute
from monai_app.explain.stability import map_infidelity, map_sensitivity, randomised, rank_correlation
from monai_app.explain.views import View
from monai_app.networks import MultimodalNetwork


def test_better_map_is_less_unfaithful(case: OpenCase) -> None:
    view = case.view("series")
    made = attribute(case, view, Method.INTEGRATED_GRADIENTS)
    noise = np.random.default_rng(0).normal(size=made.values.shape).astype(np.float32)
    good, bad = map_infidelity(case, view, made), map_infidelity(case, view, replace(made, values=noise))
    assert good is not None and bad is not None and good < 0.3 < bad
    assert map_infidelity(case, view, replace(made, values=1000 * made.values)) == pytest.approx(good, rel=1e-3)


def test_map_that_never_changes_is_not_sensitive(case: OpenCase) -> None:
    view = case.view("table")
    made = attribute(case, view, Method.INTEGRATED_GRADIENTS)

    def moved(close: View) -> float:
        return float((close.original - view.original).abs().max())

    assert map_sensitivity(view, made, lambda close: made) == 0
    doubled = replace(made, values=2 * made.values)
    assert map_sensitivity(view, made, lambda close: doubled if moved(close) > 0 else made) == pytest.approx(1)
    assert (
        map_sensitivity(case.view("note"), attribute(case, case.view("note"), Method.OCCLUSION), lambda _: made) is None
    )


def test_random_weights_are_others_with_the_same_spread(network: MultimodalNetwork) -> None:
    twin, again = randomised(network), randomised(network)
    for (name, old), new, same in zip(network.named_parameters(), twin.parameters(), again.parameters(), strict=True):
        assert torch.equal(new, same)
        if old.numel() > 100:
            assert not torch.equal(old, new) and float((new.std() / old.std()).detach()) == pytest.approx(1, abs=0.3), (
                name
            )
    assert not twin.training


def test_map_decorrelates_from_that_of_random_weights(case: OpenCase) -> None:
    twin = randomised(case.network)
    with torch.no_grad():
        decoy = replace(case, network=twin, tokens=twin.encode(case.inputs, case.presence))
    made, other = (attribute(one, one.view("film"), Method.INTEGRATED_GRADIENTS, steps=32) for one in (case, decoy))
    found = rank_correlation(made, other)
    assert found is not None and found < 0.8
    assert rank_correlation(made, made) == pytest.approx(1)
    assert rank_correlation(made, replace(made, values=0 * made.values)) is None
