"""Corruption: a fault of one modality at a severity from 0 (the identity, bit for bit) to 5, recorded in the sample.

Hendrycks and Dietterich, Benchmarking Neural Network Robustness, ICLR 2019: common faults at five severities. The draw
does not depend on the severity, so that one seed gives the same fault, weaker or stronger.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from monai.config import KeysCollection
from monai.transforms import MapTransform, Randomizable

from monai_app.cohort.spec import Modality, ModelSpec
from monai_app.core.random import numpy_generator
from monai_app.transforms.presence import is_present

Floats = npt.NDArray[np.float32]
Parameters = dict[str, Any]
"""What makes a corruption repeatable: plain numbers, texts, lists and dictionaries, as JSON has them."""

MAX_SEVERITY = 5
_SEEDS = 2**31
_Level = TypeVar("_Level")


def record_key(modality: Hashable) -> str:
    """The key of what was done to a modality: ``{"name", "severity", "quality", "parameters"}``."""
    return f"corruption_{modality}"


def quality(severity: int) -> float:
    """The known quality of a corrupted modality: 1 for untouched, 0 for the worst."""
    return 1.0 - severity / MAX_SEVERITY


class Corruption(Randomizable, MapTransform, ABC):
    """Corrupt what lies under each key and record it under ``corruption_<key>``; an absent modality is left alone.

    One number a key is drawn, whatever is present; it seeds the draw of the parameters. The corruption never takes the
    last known value of a modality: that would be its absence.

    Args:
        keys: of the modality, ``film`` as a rule; each needs ``<key>_present``.
        severity: 0 to 5.

    Attributes:
        modality: what it corrupts.
        name: of the artefact, also in the registry.
    """

    modality: ClassVar[Modality]
    name: ClassVar[str]

    def __init__(self, keys: KeysCollection, severity: int, *, allow_missing_keys: bool = False) -> None:
        super().__init__(keys, allow_missing_keys)
        if isinstance(severity, bool) or severity not in range(MAX_SEVERITY + 1):
            msg = f"severity must be a whole number in [0, {MAX_SEVERITY}], got {severity!r}"
            raise ValueError(msg)
        self.severity = int(severity)
        self._seeds = np.zeros(len(self.keys), np.int64)

    @classmethod
    def for_spec(cls, severity: int, spec: ModelSpec, statistics: Mapping[str, Floats] | None = None) -> Self:
        """The corruption for samples of a model; ``statistics`` are those of :func:`cohort.fit_statistics`."""
        return cls(cls.modality.value, severity)

    @abstractmethod
    def draw(self, rng: np.random.Generator, value: Any) -> Parameters:
        """Parameters for a value at this severity (1 to 5); numbers are drawn in an order that no severity changes."""

    @abstractmethod
    def degrade(self, value: Any, parameters: Parameters) -> Any:
        """The corrupted value as a new object; arrays are float32 NumPy."""

    def randomize(self, data: Any = None) -> None:
        """Draw one seed a key."""
        self._seeds = self.R.randint(_SEEDS, size=len(self.keys))

    def apply(self, value: Any, parameters: Parameters) -> Any:
        """Repeat a recorded corruption; no parameters are the identity."""
        if not parameters:
            return value
        if isinstance(value, torch.Tensor):
            return torch.from_numpy(self.degrade(_array(value), parameters))
        return self.degrade(value, parameters)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with corrupted values and their records.

        Raises:
            ValueError: when a value is already corrupted: a record holds one corruption.
        """
        sample = dict(data)
        self.randomize()
        for key, seed in self.key_iterator(sample, self._seeds):
            if not is_present(sample, key):
                continue
            if earlier := sample.get(record_key(key), {}).get("parameters"):
                msg = f"{key} is corrupted already, with {sorted(earlier)}; a sample takes one corruption a modality"
                raise ValueError(msg)
            rng = numpy_generator("corruption", self.name, int(seed))
            parameters = self.draw(rng, _array(sample[key])) if self.severity else {}
            sample[key] = self.apply(sample[key], parameters)
            sample[record_key(key)] = {
                "name": self.name,
                "severity": self.severity,
                "quality": quality(self.severity),
                "parameters": parameters,
            }
        return sample

    def level(self, levels: tuple[_Level, ...]) -> _Level:
        """The entry of this severity in a table of five, for the severities 1 to 5."""
        return levels[self.severity - 1]


def draw_seed(rng: np.random.Generator) -> int:
    """A seed to record in the place of an array of noise."""
    return int(rng.integers(_SEEDS))


def _array(value: Any) -> Any:
    return value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value
