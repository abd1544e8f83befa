"""Integral of gradients from a baseline to a case, with points where the score bends.

Trapezoid rule on pieces of the straight path. What a piece should add up to, F(b) - F(a), is known from the passes that
are made anyway: the pieces that miss it most are halved, and every point is used again. Captum's rules are fixed in
advance, start anew for more points, and show neither F nor single gradients, hence this one; the tests hold it against
Captum's sum. Networks of rectifiers bend in so many places that Gauss-Legendre gains nothing over trapezoids there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Forward = Callable[[Tensor], Tensor]
Floats = npt.NDArray[np.float64]

NARROWEST = 1 / 512
"""Pieces of this length are not halved: what still does not add up there is a jump."""

HALVED = 8
"""Pieces that are halved at once, at least; a quarter of all when there are many."""

KEPT_BYTES = 512 * 2**20
"""Bound on the memory of all gradients of a path."""


class Path:
    """Scores and gradients at points between ``away`` and ``x``, both ``(1, ...)``.

    Args:
        forward: points ``(n, ...)`` -> scores ``(n,)``.
        batch: points that are computed at once.
    """

    def __init__(self, forward: Forward, away: Tensor, x: Tensor, *, batch: int) -> None:
        self.forward, self.away, self.way, self.batch = forward, away, x - away, batch
        self.places: Floats = np.empty(0)
        self.scores: Floats = np.empty(0)
        self.slopes: Floats = np.empty(0)
        self.gradients: list[Tensor] = []

    def visit(self, places: Floats) -> None:
        """Compute points at parts of the way in [0, 1]."""
        for start in range(0, len(places), self.batch):
            self._visit(places[start : start + self.batch])
        order = np.argsort(self.places, kind="stable")
        self.places, self.scores, self.slopes = self.places[order], self.scores[order], self.slopes[order]
        self.gradients = [self.gradients[place] for place in order]

    def _visit(self, places: Floats) -> None:
        parts = torch.as_tensor(places, dtype=self.way.dtype, device=self.way.device)
        with torch.enable_grad():
            points = (self.away + parts.reshape(-1, *(1,) * (self.way.ndim - 1)) * self.way).requires_grad_()
            scores = self.forward(points)
            (found,) = torch.autograd.grad(scores.sum(), points)
        slopes = (found * self.way).flatten(1).sum(dim=1)
        self.places = np.concatenate([self.places, places])
        self.scores = np.concatenate([self.scores, scores.detach().double().cpu().numpy()])
        self.slopes = np.concatenate([self.slopes, slopes.double().cpu().numpy()])
        self.gradients += list(found)

    @property
    def most(self) -> int:
        """Points whose gradients fit into :data:`KEPT_BYTES`."""
        return max(2, KEPT_BYTES // (self.way.numel() * self.way.element_size()))

    def weights(self) -> Floats:
        """Of the trapezoid rule, for each point."""
        lengths = np.diff(self.places)
        return (np.append(lengths, 0.0) + np.append(0.0, lengths)) / 2

    def total(self) -> float:
        """The sum of the map."""
        return float(self.weights() @ self.slopes)

    def integral(self, weights: Floats | None = None) -> Tensor:
        """The map ``(1, ...)``, by these weights or by those of the trapezoid rule."""
        found = torch.zeros_like(self.way)
        for weight, gradient in zip(self.weights() if weights is None else weights, self.gradients, strict=True):
            found += float(weight) * gradient
        return found * self.way

    def missing(self) -> Floats:
        """What each piece lacks to add up to its change of the score."""
        lengths = np.diff(self.places)
        added: Floats = np.diff(self.scores) - lengths * (self.slopes[1:] + self.slopes[:-1]) / 2
        return added

    def refine(self, enough: float, room: int) -> bool:
        """Halve the pieces that miss most; whether there was something to gain.

        Args:
            enough: what all pieces that can be halved may miss together.
            room: points that may be added.
        """
        missed = np.where(np.diff(self.places) > NARROWEST, np.abs(self.missing()), 0.0)
        if room < 1 or not missed.sum() > enough:
            return False
        count = min(max(HALVED, len(missed) // 4), room, int((missed > 0).sum()))
        worst = np.argsort(-missed, kind="stable")[:count]
        self.visit((self.places[worst] + self.places[worst + 1]) / 2)
        return True
