"""RandCorruptiond: corrupt modalities at random while training, and say which, so that a network can learn to see it.

It runs after LoadFilmd and before CLAHEd and TokeniseNoted: a fault comes before enhancement and tokens.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.transforms import Randomizable, Transform

from monai_app.cohort.spec import Modality, ModelSpec
from monai_app.transforms.corruption.base import MAX_SEVERITY, Corruption, Floats
from monai_app.transforms.corruption.registry import CORRUPTIONS
from monai_app.transforms.presence import is_present

_SEEDS = 2**31


def corrupted_key(modality: Hashable) -> str:
    """The key of whether a modality was corrupted: float32, 0 or 1, the target of a detection head."""
    return f"{modality}_corrupted"


class RandCorruptiond(Randomizable, Transform):
    """Give each modality, with probability ``prob``, one corruption of the registry at a severity of 1 to 5.

    The bit ``<modality>_corrupted`` is 1 where the value changed: 0 for an absent modality, and where the fault finds
    nothing to act on. The corruption itself is recorded under ``corruption_<modality>``.

    Args:
        modalities: which to corrupt; the samples carry them and their ``<name>_present``.
        prob: one probability, or one a modality.
        spec: of the model.
        statistics: of the train samples (``cohort.normalisation.fit_statistics``); None guesses from the spec.
        names: corruptions to draw from, by modality; a modality not named, or None, draws from all of the registry.

    Raises:
        ValueError: for an impossible probability, or a name that the registry does not have.
    """

    def __init__(
        self,
        modalities: Sequence[str],
        prob: float | Mapping[str, float],
        spec: ModelSpec,
        *,
        statistics: Mapping[str, Floats] | None = None,
        names: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.modalities = tuple(str(modality) for modality in modalities)
        self.prob = np.array([prob[name] if isinstance(prob, Mapping) else prob for name in self.modalities], float)
        if not ((self.prob >= 0) & (self.prob <= 1)).all():
            msg = f"corruption probabilities must be in [0, 1], got {self.prob.tolist()}"
            raise ValueError(msg)
        chosen = {name: tuple((names or {}).get(name, CORRUPTIONS[Modality(name)])) for name in self.modalities}
        _check_names(chosen)
        self.corruptions: dict[str, list[list[Corruption]]] = {
            modality: [
                [
                    CORRUPTIONS[Modality(modality)][name](severity, spec, statistics)
                    for severity in range(1, MAX_SEVERITY + 1)
                ]
                for name in kinds
            ]
            for modality, kinds in chosen.items()
        }
        self._uniform = np.ones((len(self.modalities), 3))
        self._seeds = np.zeros(len(self.modalities), np.int64)

    def randomize(self, data: Any = None) -> None:
        """Draw whether, which, how severe and a seed for each modality; always as many, whatever is present."""
        self._uniform = self.R.random_sample((len(self.modalities), 3))
        self._seeds = self.R.randint(_SEEDS, size=len(self.modalities))

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with some modalities corrupted and a bit for each of the modalities."""
        sample = dict(data)
        self.randomize()
        for modality, prob, uniform, seed in zip(self.modalities, self.prob, self._uniform, self._seeds, strict=True):
            changed = False
            if uniform[0] < prob and is_present(sample, modality):
                kinds = self.corruptions[modality]
                severities = kinds[int(uniform[1] * len(kinds))]
                corruption = severities[int(uniform[2] * len(severities))]
                before = sample[modality]
                corruption.set_random_state(seed=int(seed))
                sample = corruption(sample)
                changed = not _same(before, sample[modality])
            sample[corrupted_key(modality)] = np.float32(changed)
        return sample


def _check_names(chosen: Mapping[str, Sequence[str]]) -> None:
    for modality, names in chosen.items():
        known = CORRUPTIONS[Modality(modality)]
        if not names or not set(names) <= set(known):
            msg = f"corruptions of {modality} must be some of {sorted(known)}, got {sorted(names)}"
            raise ValueError(msg)


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, str):
        return bool(before == after)
    return np.array_equal(np.asarray(before), np.asarray(after), equal_nan=True)
