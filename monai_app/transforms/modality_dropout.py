"""RandModalityDropoutd: forget modalities at random while training, so that a network learns to do without them.

A network copes with missing modalities only up to the rate it was trained at (Ma et al., SMIL, AAAI 2021), so
``prob`` should be at least the highest rate it will meet.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np
from monai.transforms import Randomizable, Transform

from monai_app.transforms.presence import is_present, presence_key

DRAW_KEY = "modality_dropout"
"""Where the draw is recorded: (M,) bool in the order of ``modalities``, true where a modality was forgotten."""


class RandModalityDropoutd(Randomizable, Transform):
    """Clear the presence bit of each modality with probability ``prob``, per sample; one present one always stays.

    Only presence bits change: networks never read the bytes of an absent modality.

    Args:
        modalities: names whose ``<name>_present`` the samples carry.
        prob: one probability, or one a modality.
    """

    def __init__(self, modalities: Sequence[str], prob: float | Mapping[str, float]) -> None:
        self.modalities = tuple(modalities)
        self.prob = np.array([prob[name] if isinstance(prob, Mapping) else prob for name in self.modalities], float)
        if not ((self.prob >= 0) & (self.prob <= 1)).all():
            msg = f"dropout probabilities must be in [0, 1], got {self.prob.tolist()}"
            raise ValueError(msg)
        self._uniform = np.ones(len(self.modalities) + 1)

    def randomize(self, data: Any = None) -> None:
        """Draw one number a modality and one for the choice of a survivor; always as many, whatever is present."""
        self._uniform = self.R.random_sample(len(self.modalities) + 1)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with some presence bits cleared and the draw under :data:`DRAW_KEY`."""
        sample = dict(data)
        self.randomize()
        present = np.array([is_present(sample, name) for name in self.modalities])
        dropped = present & (self._uniform[:-1] < self.prob)
        if present.any() and not (present & ~dropped).any():
            candidates = np.flatnonzero(present)
            dropped[candidates[int(self._uniform[-1] * len(candidates))]] = False
        for name, gone in zip(self.modalities, dropped, strict=True):
            if gone:
                sample[presence_key(name)] = False
        sample[DRAW_KEY] = dropped
        return sample
