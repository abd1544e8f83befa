"""FilmCorruption: what all corruptions of films share; they belong between LoadFilmd and CLAHEd.

A camera's fault comes before enhancement, and it lies on the film: the black letterbox around it is ours.
"""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
import torch
from monai.config import NdarrayOrTensor

from monai_app.cohort.spec import Modality
from monai_app.transforms.corruption.base import Corruption, Floats, Parameters


class FilmCorruption(Corruption):
    """Corrupt films (1, S, S) float32 in [0, 1] within their :func:`exposed_area`; the result stays in [0, 1]."""

    modality = Modality.FILM

    @abstractmethod
    def distort(self, area: Floats, parameters: Parameters) -> Floats:
        """The corrupted area (H, W); what leaves [0, 1] is clipped."""

    def degrade(self, value: Floats, parameters: Parameters) -> Floats:
        """The film with its exposed area distorted."""
        result = np.array(value, np.float32)
        area = exposed_area(result[0])
        result[0][area] = np.clip(self.distort(result[0][area], parameters), 0, 1)
        return result


def exposed_area(film: Floats) -> tuple[slice, slice]:
    """The smallest rectangle around everything that is not black; all of a black film."""
    rows, columns = np.flatnonzero(film.any(axis=1)), np.flatnonzero(film.any(axis=0))
    if not rows.size:
        return slice(None), slice(None)
    return slice(int(rows[0]), int(rows[-1]) + 1), slice(int(columns[0]), int(columns[-1]) + 1)


def as_picture(area: Floats) -> torch.Tensor:
    """(H, W) as MONAI's array transforms take it: a tensor (1, H, W) of its own memory."""
    return torch.from_numpy(area.copy())[None]


def as_area(picture: NdarrayOrTensor) -> Floats:
    """A picture (1, H, W), with or without MONAI's metadata, as (H, W)."""
    area: Floats = np.asarray(picture, np.float32)[0]
    return area
