"""NoteCorruption: what all corruptions of notes share; they act on the text, before TokeniseNoted."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import numpy.typing as npt

from monai_app.cohort.spec import Modality
from monai_app.transforms.corruption.base import Corruption, Parameters


class NoteCorruption(Corruption):
    """Corrupt notes, str."""

    modality = Modality.NOTE

    @abstractmethod
    def degrade(self, value: str, parameters: Parameters) -> str:
        """The corrupted text."""


def chosen(uniform: npt.NDArray[np.float64], rate: float) -> npt.NDArray[np.bool_]:
    """Which of the draws a rate hits: at least one, and at a higher rate all those of a lower one."""
    hit: npt.NDArray[np.bool_] = (uniform < rate) | (uniform == uniform.min(initial=1.0))
    return hit
