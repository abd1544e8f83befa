"""Which modalities a sample has: the keys ``<modality>_present`` of its dictionary."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any


def presence_key(modality: Hashable) -> str:
    """The key of a modality's presence bit."""
    return f"{modality}_present"


def is_present(sample: Mapping[Hashable, Any], modality: Hashable) -> bool:
    """Whether the sample has the modality; a sample without the bit is a fault of the program, not of the data."""
    return bool(sample[presence_key(modality)])
