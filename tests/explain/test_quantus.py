"""Our scores against Quantus's (Hedstrom et al., JMLR 2023; tests only, LGPL) on a small network.

Where the definitions are the same the numbers are; where they differ, each test says how, and the ranks must agree.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from monai_app.cohort.spec import TaskSpec
from monai_app.core.random import scoped_library_seed, scoped_torch_seed
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.faithfulness import FRACTIONS, faithfulness
from monai_app.explain.localisation import region_scores
from monai_app.explain.methods import Method, attribute
from monai_app.explain.stability import RADIUS, map_infidelity, map_sensitivity
from monai_app.explain.target import Target
from monai_app.explain.views import View

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import quantus

pytestmark = pytest.mark.filterwarnings("ignore")
SIDE, STEPS = 10, 64
QUIET = {"disable_warnings": True, "display_progressbar": False}


class Toy(nn.Module):
    """Two logits of an image ``(B, 1, 10, 10)``, smooth and not linear."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(600, 2))

    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self.layers(x)
        return found


@dataclass(frozen=True)
class ToyCase:
    """The second logit of one image; removed pixels are zero: the "black" of Quantus is the darkest pixel."""

    network: nn.Module
    image: Tensor
    target: Target

    @property
    def score(self) -> float:
        return float(self.scorer("volume")(self.image)[0])

    def view(self, name: str) -> View:
        every = np.ones((SIDE, SIDE), np.bool_)
        ones = torch.ones_like(self.image)
        return View(name, self.image, 0 * ones, lambda x: x[:, None], every, None, "black", ones)

    def scorer(self, name: str) -> Callable[[Tensor], Tensor]:
        return lambda x: self.network(x if x.ndim == 4 else x[:, None])[:, 1]

    def encoder(self, name: str) -> nn.Module:
        return self.network

    def feature_map(self, name: str) -> nn.Module | None:
        return None


@pytest.fixture(scope="module")
def case() -> ToyCase:
    with scoped_torch_seed(3):
        network = Toy().eval().requires_grad_(False)
        image = torch.randn(1, SIDE, SIDE)
    return ToyCase(network, image, Target("lesion", TaskSpec(name="lesion", kind="binary")))


def _made(case: ToyCase, values: np.ndarray | None = None) -> AttributionMap:
    made = attribute(case, case.view("table"), Method.INTEGRATED_GRADIENTS, steps=STEPS)
    if values is None:
        return made
    return AttributionMap(**(vars(made) | {"values": values.astype(np.float32)}))


def _asked(metric: Any, case: ToyCase, values: np.ndarray, **more: Any) -> Any:
    x = case.image[:, None].numpy()
    told = {"model": case.network, "x_batch": x, "y_batch": np.array([1]), "a_batch": values[None, None], **more}
    with scoped_library_seed(0, "quantus"):
        return metric(**told, device="cpu", channel_first=True, softmax=False)[0]


def test_pixel_flipping_is_our_deletion(case: ToyCase) -> None:
    """Quantus gives the scores after each step, ours is the area under them in parts of the change."""
    made = _made(case)
    values = np.sign(made.change) * made.values  # Quantus removes the highest first, whichever way the score went
    metric = quantus.PixelFlipping(features_in_step=SIDE, normalise=False, perturb_baseline=0.0, **QUIET)
    curve = np.array([made.score, *_asked(metric, case, values)])
    area = np.trapezoid((curve - made.baseline_score) / made.change, FRACTIONS)
    assert faithfulness(case, case.view("table"), made).deletion == pytest.approx(area, abs=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_pointing_game_and_relevance_mass_are_the_same(case: ToyCase, seed: int) -> None:
    """Of positive relevance: Quantus counts negative relevance too, ours leaves it out of the mass."""
    random = np.random.default_rng(seed)
    values, region = np.abs(random.normal(size=(SIDE, SIDE))), np.zeros((SIDE, SIDE), bool)
    region[2:7, 3:9] = True
    ours = region_scores(values.astype(np.float32), region, "").of_map
    told = {"s_batch": region[None, None]}
    assert bool(_asked(quantus.PointingGame(normalise=False, **QUIET), case, values, **told)) == ours.hit
    mass = _asked(quantus.RelevanceMassAccuracy(normalise=False, **QUIET), case, values, **told)
    assert ours.mass == pytest.approx(float(mass), rel=1e-5)


def test_infidelity_ranks_maps_alike(case: ToyCase) -> None:
    """Quantus removes patches one after another, takes maps for slopes (so that ours are divided by what is removed)
    and tells a plain mean square; ours removes a random three tenths, with the best scale, in parts of what it costs.
    """
    true, random = _made(case), np.random.default_rng(0).normal(size=(SIDE, SIDE))
    spread = float(true.values.std())
    maps = [true.values + noise * spread * random for noise in (0, 1, 3)]
    metric = quantus.Infidelity(perturb_patch_sizes=[2], n_perturb_samples=20, perturb_baseline=0.0, **QUIET)
    theirs = [float(_asked(metric, case, values / case.image[0].numpy())) for values in maps]
    ours = [map_infidelity(case, case.view("table"), _made(case, values)) or 0.0 for values in maps]
    assert np.argsort(theirs).tolist() == np.argsort(ours).tolist() == [0, 1, 2]


def test_max_sensitivity_is_the_same_but_for_the_draws(case: ToyCase) -> None:
    view, made = case.view("table"), _made(case)

    def again(near: View) -> AttributionMap:
        return attribute(case, near, Method.INTEGRATED_GRADIENTS, steps=STEPS)

    def explained(model: nn.Module, inputs: np.ndarray, targets: np.ndarray, **_: Any) -> np.ndarray:
        near = [View(**(vars(view) | {"original": torch.from_numpy(x).float()})) for x in inputs]
        return np.stack([again(one).values[None] for one in near])

    metric = quantus.MaxSensitivity(nr_samples=3, lower_bound=RADIUS, normalise=False, abs=False, **QUIET)
    theirs = float(_asked(metric, case, made.values, explain_func=explained))
    assert map_sensitivity(view, made, again) == pytest.approx(theirs, rel=0.35)


@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_completeness_is_a_gap_of_zero(case: ToyCase, factor: float) -> None:
    """Quantus says yes or no by equality of floats, so that whole numbers are asked about; ours says by how much."""

    class Sum(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return torch.stack([0 * x.sum(dim=(1, 2, 3)), 2 * x.sum(dim=(1, 2, 3))], dim=1)

    whole = ToyCase(Sum().eval(), torch.arange(100.0).reshape(1, SIDE, SIDE), case.target)
    values = factor * 2 * whole.image[0].numpy()
    metric = quantus.Completeness(normalise=False, abs=False, perturb_baseline=0.0, **QUIET)
    made = AttributionMap(**(vars(_made(whole)) | {"values": values.astype(np.float32)}))
    assert bool(_asked(metric, whole, values)) is (made.gap < 1e-6)
    assert made.gap == pytest.approx(factor - 1, abs=1e-6)
