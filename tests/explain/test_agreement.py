from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from torch import Tensor

from monai_app.cohort.spec import ModelSpec
from monai_app.explain.agreement import agreement, agreements_of, ranked
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.baselines import Baselines
from monai_app.explain.methods import Method
from monai_app.networks import MultimodalNetwork
from tests.explain.presented import explained


def a_map(values: np.ndarray, method: str = "occlusion", features: np.ndarray | None = None) -> AttributionMap:
    known = np.ones(values.shape, bool) if features is None else features
    return AttributionMap("film", method, values.astype(np.float32), 1.0, 0.0, "blurred", 1, known)


@pytest.fixture
def values() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(20, 20))


def test_a_map_agrees_with_any_rescaling_of_itself(values: np.ndarray) -> None:
    found = agreement([a_map(values), a_map(3 * values - 1, "grad_cam"), a_map(np.exp(values), "hires_cam")])
    assert found.correlation == pytest.approx(1.0)
    assert not found.entropy.any()
    assert found.contested == 0
    np.testing.assert_allclose(found.mean, ranked(a_map(values)))


def test_opposite_maps_agree_nowhere(values: np.ndarray) -> None:
    found = agreement([a_map(values), a_map(-values, "grad_cam")])
    assert found.correlation == pytest.approx(-1.0)
    np.testing.assert_allclose(found.mean, 0.5, atol=1e-6)
    assert found.contested == 1.0
    assert found.entropy.max() == pytest.approx(1.0)  # one of two marks it: one bit


def test_order_of_methods_does_not_matter(values: np.ndarray) -> None:
    maps = [a_map(values), a_map(values.T, "grad_cam"), a_map(values**2, "hires_cam")]
    one, other = agreement(maps), agreement(maps[::-1])
    np.testing.assert_allclose(one.mean, other.mean, rtol=1e-6)
    np.testing.assert_array_equal(one.entropy, other.entropy)


def test_what_is_no_feature_has_the_middle_rank(values: np.ndarray) -> None:
    features = np.zeros(values.shape, bool)
    features[:5] = True
    ranks = ranked(a_map(values, features=features))
    assert (ranks[5:] == 0.5).all()
    assert np.unique(ranks[:5]).size == 100


def test_a_flat_map_has_no_correlation_but_no_veto(values: np.ndarray) -> None:
    found = agreement([a_map(values), a_map(np.zeros_like(values), "grad_cam"), a_map(values, "hires_cam")])
    assert found.pairs["occlusion+hires_cam"] == pytest.approx(1.0)


def test_methods_without_a_map_of_their_own_are_left_out(
    network: MultimodalNetwork, spec: ModelSpec, inputs: dict[str, Tensor], baselines: Baselines
) -> None:
    found = explained(network, spec, inputs, baselines)
    made = agreements_of(found, [Method.INTEGRATED_GRADIENTS, Method.GRAD_CAM, Method.OCCLUSION])
    assert set(made) == set(found.maps)
    for one in made.values():  # the tiny film encoder has no feature map; Grad-CAM maps no values
        assert one.methods == ("integrated_gradients", "occlusion")
    assert agreements_of(replace(found, maps={}), [Method.OCCLUSION]) == {}
