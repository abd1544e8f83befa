"""What every method and every score asks of an open case: features to replace, and the score that follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from torch import Tensor, nn

from monai_app.explain.target import Target
from monai_app.explain.views import View


class ScoredCase(Protocol):
    """A case before a network: of several modalities (``OpenCase``), or a volume (``VolumeCase``)."""

    @property
    def target(self) -> Target:
        """What is explained."""

    @property
    def score(self) -> float:
        """The explained number of the case."""

    def view(self, name: str) -> View:
        """The features of an input."""

    def scorer(self, name: str) -> Callable[[Tensor], Tensor]:
        """What the network takes of an input ``(n, ...)`` -> scores ``(n,)``, all other inputs as they are."""

    def encoder(self, name: str) -> nn.Module:
        """What reads an input."""

    def feature_map(self, name: str) -> nn.Module | None:
        """The layer whose output ``(B, F, ...)`` Grad-CAM weighs; None where there is none."""
