"""Does the map hold? Infidelity, sensitivity to small changes of the input, and dependence on what the model learned.

Yeh et al., On the (in)fidelity and sensitivity of explanations, NeurIPS 2019 (through Captum); Adebayo et al., Sanity
checks for saliency maps, NeurIPS 2018.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
import torch
from captum.metrics import infidelity, sensitivity_max
from scipy.stats import spearmanr
from torch import Tensor, nn

from monai_app.core.random import torch_generator
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.modality_shares import LEAST_RANKED
from monai_app.explain.scored import ScoredCase
from monai_app.explain.views import View

Mapper = Callable[[View], AttributionMap]
N = TypeVar("N", bound=nn.Module)

PERTURBATIONS = 32
REMOVED_SHARE = 0.3
"""Part of the features that a perturbation of infidelity removes."""

NEARBY = 3
RADIUS = 0.02
"""In units of a feature's usual difference: a fiftieth of a standard deviation, or of the range of a film."""


@dataclass(frozen=True)
class Stability:
    """How a map holds.

    Attributes:
        infidelity: mean squared error of what the map, best scaled, says that a random removal costs, in parts of the
            mean square of what it does cost: 0 is exact, 1 is no better than an empty map.
        max_sensitivity: largest relative change of the map for inputs nearby; None for notes, whose words have no
            neighbourhood.
        randomised_correlation: Spearman's, of the map with that of the same network with random weights; near 0 when
            the map shows what was learned.
    """

    infidelity: float | None
    max_sensitivity: float | None
    randomised_correlation: float | None


def map_infidelity(case: ScoredCase, view: View, made: AttributionMap, *, seed: int = 0) -> float | None:
    """Captum's infidelity, with the best scale, for removals of a random :data:`REMOVED_SHARE` of the features."""
    generator = torch_generator(seed, "infidelity", view.name)
    features, score = torch.from_numpy(view.features), case.scorer(view.name)
    squares: list[Tensor] = []

    def perturbed(kept: Tensor) -> tuple[Tensor, Tensor]:
        gone = (_removed(kept, view, generator) & features).to(kept)
        return gone, kept - gone

    def forward(kept: Tensor) -> Tensor:
        found = score(view.replaced(kept < 0.5))
        squares.extend((found - made.score).square()[(kept < 0.5).flatten(1).any(dim=1)])
        return found

    every = torch.ones(1, *view.shape, device=view.original.device)
    values = torch.from_numpy(made.values)[None].to(every)
    error = infidelity(
        forward, perturbed, every, values, n_perturb_samples=PERTURBATIONS, max_examples_per_batch=8, normalize=True
    )
    scale = float(torch.stack(squares).mean()) if squares else 0.0
    return max(0.0, float(error[0]) / scale) if scale > 0 else None


def _removed(kept: Tensor, view: View, generator: torch.Generator) -> Tensor:
    """Which entries ``(n, *shape)`` a random removal takes; a block as a whole."""
    if view.blocks is None:
        return torch.rand(kept.shape, generator=generator) < REMOVED_SHARE
    drawn = torch.rand(len(kept), int(view.blocks.max()) + 1, generator=generator) < REMOVED_SHARE
    return drawn[:, torch.from_numpy(view.blocks)]


def map_sensitivity(view: View, made: AttributionMap, again: Mapper, *, seed: int = 0) -> float | None:
    """Captum's max-sensitivity over :data:`NEARBY` inputs.

    Args:
        again: makes the map of a view in the way that ``made`` was.
    """
    if view.name == "note" or not np.any(made.values):
        return None
    generator = torch_generator(seed, "sensitivity", view.name)

    def nearby(x: Tensor, _: float) -> Tensor:
        shift = 2 * torch.rand(x.shape, generator=generator, dtype=x.dtype).to(x.device) - 1
        return x + RADIUS * shift * view.scale

    def mapped(given: Tensor | tuple[Tensor, ...]) -> tuple[Tensor]:
        rows = given if isinstance(given, Tensor) else given[0]
        maps = [
            made.values if torch.equal(row[None], view.original) else again(replace(view, original=row[None])).values
            for row in rows
        ]
        return (torch.from_numpy(np.stack(maps)),)  # a tuple, or Captum takes the rows for inputs

    found = sensitivity_max(
        mapped, view.original, perturb_func=nearby, n_perturb_samples=NEARBY, max_examples_per_batch=1
    )
    return float(found[0])


def randomised(network: N, *, seed: int = 0) -> N:
    """The network with its weights drawn anew, each tensor with its own mean and spread; normalisation is kept.

    Its maps are decoys: they look like maps and show nothing that was learned.
    """
    twin = copy.deepcopy(network)
    for name, parameter in twin.named_parameters():
        generator = torch_generator(seed, "randomised", name)
        value = parameter.data
        noise = torch.randn(value.shape, generator=generator, dtype=value.dtype).to(value.device)
        spread = value.std(unbiased=False) if value.numel() > 1 else value.abs().mean()
        parameter.data = value.mean() + spread * noise
    return twin


def rank_correlation(one: AttributionMap, other: AttributionMap) -> float | None:
    """Spearman's correlation of two maps with their signs, where either says something.

    Absolute values would correlate with any map that is multiplied by the input: what equals its baseline has none.
    """
    told = one.features & ((one.values != 0) | (other.values != 0))
    here, there = one.values[told], other.values[told]
    if here.size < LEAST_RANKED or not np.ptp(here) or not np.ptp(there):
        return None
    return float(spearmanr(here, there).statistic)
