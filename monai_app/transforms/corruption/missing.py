"""Missingd: whole modalities that a sample does not have, at a known rate (Ma et al., SMIL, AAAI 2021)."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from monai_app.transforms.corruption.base import record_key
from monai_app.transforms.modality_dropout import DRAW_KEY, RandModalityDropoutd

NAME = "missing"


class Missingd(RandModalityDropoutd):
    """Clear presence bits with probability ``p_miss``, per modality and sample; one present modality stays.

    It draws as :class:`RandModalityDropoutd` does. The record under ``corruption_missing`` is ``{"name",
    "p_miss", "parameters": {"missing": names}}``.

    Args:
        modalities: names whose ``<name>_present`` the samples carry.
        p_miss: one probability, or one a modality.
    """

    def __init__(self, modalities: Sequence[str], p_miss: float | Mapping[str, float]) -> None:
        super().__init__(modalities, p_miss)

    def __call__(self, data: Mapping[Hashable, Any]) -> dict[Hashable, Any]:
        """The sample with some presence bits cleared and the record of which."""
        sample = super().__call__(data)
        gone = sample.pop(DRAW_KEY)
        names = [str(name) for name, missing in zip(self.modalities, gone, strict=True) if missing]
        p_miss = {str(name): float(prob) for name, prob in zip(self.modalities, self.prob, strict=True)}
        sample[record_key(NAME)] = {"name": NAME, "p_miss": p_miss, "parameters": {"missing": names}}
        return sample
