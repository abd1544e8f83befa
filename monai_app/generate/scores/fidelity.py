"""Does an image show what its condition says? Readers trained on real images read it back from the generated ones.

A reader is a ridge regression on feature vectors. Its correlation with the truth on real images that it has not seen is
the ceiling: what cannot be read from real images cannot be asked of generated ones. With the conditions shuffled the
correlation must vanish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from monai_app.core.random import numpy_generator

Floats = NDArray[np.float64]

READABLE = 0.1
"""Least ceiling at which a target counts as one that images show."""

_COMPONENTS = 128
_LEAST_KNOWN = 20


@dataclass(frozen=True)
class Fidelity:
    """Correlations of read and told values of one target.

    Attributes:
        ceiling: on held-out real images.
        generated: on generated images.
        low: lower end of its 95 % interval over images.
        high: upper end.
        shuffled: on generated images with conditions exchanged.
        n: generated images whose condition tells the target.
    """

    ceiling: float
    generated: float
    low: float
    high: float
    shuffled: float
    n: int

    @property
    def share(self) -> float:
        """Of the ceiling."""
        return self.generated / self.ceiling if self.ceiling > 0 else float("nan")


def feature_space(real: Floats) -> Pipeline:
    """Standardised principal components of real features ``(N, C)``, in which readers and neighbours live.

    At most one component for every four images: directions that few images span would be noise of unit variance.
    """
    components = max(1, min(_COMPONENTS, len(real) // 4, real.shape[1]))
    return make_pipeline(StandardScaler(), PCA(components, whiten=True, svd_solver="full")).fit(real)


def fidelity(
    train: tuple[Floats, Mapping[str, Floats]],
    held_out: tuple[Floats, Mapping[str, Floats]],
    generated: tuple[Floats, Mapping[str, Floats]],
    *,
    resamples: int = 200,
    seed: int = 0,
) -> dict[str, Fidelity]:
    """The fidelity of every target that varies in all three sets, by name.

    Args:
        train: features ``(N, C)`` of real images and targets ``(N,)``, NaN unknown.
        held_out: real images that readers have not seen.
        generated: generated ones with the targets of their conditions.
        resamples: of images, for the interval.
    """
    found: dict[str, Fidelity] = {}
    for name in train[1]:
        if not all(name in part[1] and _varies(part[1][name]) for part in (train, held_out, generated)):
            continue
        known = np.isfinite(train[1][name])
        reader = RidgeCV(alphas=np.logspace(0, 5, 11)).fit(train[0][known], train[1][name][known])
        ceiling, _, _ = _correlation(reader.predict(held_out[0]), held_out[1][name], resamples=0, seed=seed)
        told, read = generated[1][name], reader.predict(generated[0])
        value, low, high = _correlation(read, told, resamples=resamples, seed=seed)
        shuffled, _, _ = _correlation(read, _shuffled(told, seed), resamples=0, seed=seed)
        found[name] = Fidelity(ceiling, value, low, high, shuffled, int(np.isfinite(told).sum()))
    return found


def _varies(values: Floats) -> bool:
    known = values[np.isfinite(values)]
    return known.size >= _LEAST_KNOWN and float(np.ptp(known)) > 0


def _shuffled(values: Floats, seed: int) -> Floats:
    return numpy_generator("shuffled condition", seed).permutation(values)


def _correlation(read: Floats, told: Floats, *, resamples: int, seed: int) -> tuple[float, float, float]:
    """Pearson's correlation over the known values, with its 95 % interval over images."""
    known = np.isfinite(told)
    read, told = read[known], told[known]

    def correlate(rows: NDArray[np.int64]) -> float:
        one, other = read[rows] - read[rows].mean(), told[rows] - told[rows].mean()
        scale = float(np.sqrt((one**2).sum() * (other**2).sum()))
        return float((one * other).sum()) / scale if scale > 0 else float("nan")

    value = correlate(np.arange(len(told)))
    if not resamples:
        return value, float("nan"), float("nan")
    generator = numpy_generator("fidelity", seed)
    drawn = [correlate(generator.integers(len(told), size=len(told))) for _ in range(resamples)]
    low, high = np.nanquantile(drawn, [0.025, 0.975])
    return value, float(low), float(high)
