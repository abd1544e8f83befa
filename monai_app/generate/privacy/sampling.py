"""Poisson sampling of patients: one patient is one unit, however many films.

Every patient is in a step with the same probability, independently of all others, and then gives one sample at random:
a patient with a hundred films weighs as much, and costs as much privacy, as a patient with one.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def rows_by_patient(subject_id: Sequence[int]) -> list[Rows]:
    """The rows of each patient, patients in ascending order."""
    ids = np.asarray(subject_id)
    order = np.argsort(ids, kind="stable")
    starts = np.flatnonzero(np.diff(ids[order])) + 1
    return [np.asarray(rows, np.int64) for rows in np.split(order, starts)] if ids.size else []


def poisson_rows(patients: Sequence[Rows], rate: float, generator: torch.Generator) -> list[int]:
    """One row of each patient that this step takes, in random order; there may be none.

    Args:
        patients: of :func:`rows_by_patient`.
        rate: probability that a patient is taken.
        generator: of every draw; whoever can repeat it can tell who was taken.
    """
    draws = torch.rand(len(patients), 2, generator=generator, dtype=torch.float64).numpy()
    taken = np.flatnonzero(draws[:, 0] < rate)
    rows = [int(patients[i][int(draws[i, 1] * len(patients[i]))]) for i in taken.tolist()]
    return [rows[place] for place in torch.randperm(len(rows), generator=generator).tolist()]


class NoiseSeed:
    """The seed of sampling and noise: secret and of the operating system, unless one is given.

    Whoever knows it can subtract the noise, so a given one is for tests and comparisons only, and is said. It is kept
    in the checkpoints, so that a resumed training draws what it would have drawn: checkpoints are never given away.
    torch's generator is no cryptographic one.

    Args:
        given: a seed; None draws one.
    """

    def __init__(self, given: int | None = None) -> None:
        self.given = given is not None
        self.seed = secrets.randbits(62) if given is None else given

    def redraw(self) -> None:
        """Another secret seed, where it is secret: noise that was used with other gradients is not used again."""
        if not self.given:
            self.seed = secrets.randbits(62)
