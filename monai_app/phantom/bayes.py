"""What the best possible model can reach: Bayes-optimal AUROC and information in nats, from the label models.

With independent normal latents the score of a set S of modalities is N(0, tau^2 share_S), the rest of the log odds is
N(0, tau^2 (1 - share_S)), and P(y | z_S) = E_rest[link(b + score + rest)] is increasing in the score. AUROC and mutual
information I(y; z_S) are then one-dimensional integrals, taken on a grid without sampling.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.special import entr, softmax

from monai_app.cohort.spec import Modality
from monai_app.core.random import numpy_generator
from monai_app.phantom.information import LATENTS, MODALITIES, LabelModel, binary_models, phenotype_weights
from monai_app.phantom.labels import intercept, link

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(64)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_GRID = np.linspace(-7.0, 7.0, 2001)
_DENSITY = np.exp(-(_GRID**2) / 2) / np.exp(-(_GRID**2) / 2).sum()


def subsets() -> tuple[tuple[Modality, ...], ...]:
    """All 2^M - 1 combinations of modalities, small ones first."""
    return tuple(combo for size in range(1, len(MODALITIES) + 1) for combo in combinations(MODALITIES, size))


def share(model: LabelModel, modalities: tuple[Modality, ...]) -> float:
    """The part of a label's log odds that the modalities show together."""
    owner = {latent.name: latent.modality for latent in LATENTS}
    return sum(part for name, part in model.shares.items() if owner[name] in modalities)


def posterior(name: str, score: np.ndarray, *, hidden_variance: float, shift: float = 0.0) -> np.ndarray:
    """P(y = 1 | the seen part of the linear score), the hidden part integrated out by Gauss-Hermite quadrature.

    Args:
        score: the seen part (...).
        hidden_variance: variance of the unseen part.
        shift: the site's shift of the log odds.
    """
    hidden = np.sqrt(max(hidden_variance, 0.0)) * _NODES
    return link(name, intercept(name) + shift + np.asarray(score)[..., None] + hidden) @ _WEIGHTS


def optimum(name: str, model: LabelModel, modalities: tuple[Modality, ...]) -> dict[str, float]:
    """AUROC and nats of the best predictor of a label from the given modalities, at the reference site."""
    seen = share(model, modalities)
    if seen == 0.0:
        return {"auroc": 0.5, "nats": 0.0}
    score = model.strength * np.sqrt(seen) * _GRID
    chance = posterior(name, score, hidden_variance=model.strength**2 * (1.0 - seen))
    prevalence = float(_DENSITY @ chance)
    positive, negative = _DENSITY * chance / prevalence, _DENSITY * (1.0 - chance) / (1.0 - prevalence)
    below = np.cumsum(negative) - 0.5 * negative
    nats = float(_binary_entropy(np.array(prevalence)) - _DENSITY @ _binary_entropy(chance))
    return {"auroc": float(positive @ below), "nats": nats}


def _binary_entropy(chance: np.ndarray) -> np.ndarray:
    return entr(chance) + entr(1.0 - chance)


def optima() -> dict[str, dict[str, dict[str, float]]]:
    """For every binary label and every combination of modalities (``film+note``): AUROC and nats."""
    return {
        name: {"+".join(combo): optimum(name, model, combo) for combo in subsets()}
        for name, model in binary_models().items()
    }


def phenotype_posterior(latents: np.ndarray, seen: np.ndarray, *, draws: int = 400) -> np.ndarray:
    """P(phenotype | the seen latents), the hidden ones averaged over a fixed set of antithetic normal draws.

    Args:
        latents: (N, J).
        seen: (N, J) bool.
        draws: number of draws for the hidden latents.

    Returns:
        (N, classes).
    """
    half = numpy_generator("phantom", "phenotype posterior").standard_normal((draws // 2, latents.shape[1]))
    fill = np.concatenate([half, -half])
    weights = phenotype_weights()
    result = np.empty((len(latents), len(weights)))
    for row, (values, known) in enumerate(zip(latents, seen, strict=True)):
        result[row] = softmax((np.where(known, values, fill)) @ weights.T, axis=1).mean(axis=0)
    return result
