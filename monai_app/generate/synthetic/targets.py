"""Stated shares: records are drawn so that a label or a subgroup is as frequent as asked, all else as it was fitted.

Of all distributions with the stated shares the one nearest to the fitted one is taken (least relative entropy): its
weights come from iterative proportional fitting (Deming and Stephan 1940) over the cells of the targets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monai_app.core.errors import InputRejected
from monai_app.generate.synthetic.marginal import Floats

_SWEEPS, _CLOSE, _POOLS, _FEWEST_POOL = 500, 1e-4, 60, 4000
_UNKNOWN = 2


@dataclass(frozen=True)
class Target:
    """A column of 0 and 1, and the share of 1 among the records where it is known."""

    column: int
    share: float


def stated_share(text: str, option: str) -> tuple[str, float]:
    """``NAME=.3`` -> name and share; ``NAME=VALUE:.5`` -> ``NAME=VALUE`` and share.

    Raises:
        InputRejected: ``SHARE_INVALID``.
    """
    separator = ":" if option == "--subgroup" else "="
    name, _, number = text.rpartition(separator)
    try:
        share = float(number)
    except ValueError:
        share = float("nan")
    if not name or not 0 <= share <= 1 or (separator == ":" and "=" not in name):
        expected = "NAME=VALUE:SHARE" if separator == ":" else "NAME=SHARE"
        raise InputRejected("SHARE_INVALID", f"{option} cannot be read", expected=f"{expected}, a share in 0 to 1")
    return name, share


def meet(
    draw: Callable[[int], Floats], targets: Sequence[Target], count: int, generator: np.random.Generator
) -> Floats:
    """Records (count, D) with the targets' shares, each met to within a few records.

    Args:
        draw: so many records of the fitted model, new ones at each call.

    Raises:
        InputRejected: ``TARGETS_CONFLICT`` where no distribution has all shares; ``TARGET_UNREACHABLE`` where the model
            draws what is asked too rarely.
    """
    if not targets:
        return draw(count)
    pool = draw(max(_FEWEST_POOL, 4 * count))
    cells, cell_of = _cells(pool, targets)
    mass = raked(np.bincount(cell_of, minlength=len(cells)) / len(pool), cells, targets)
    quota = _quotas(mass, count, generator)
    chosen: list[Floats] = []
    for _ in range(_POOLS):
        for cell in np.flatnonzero(quota):
            rows = np.flatnonzero(cell_of == cell)[: quota[cell]]
            chosen.append(pool[rows])
            quota[cell] -= len(rows)
        if not quota.any():
            return np.concatenate(chosen)[generator.permutation(count)]
        pool = draw(max(_FEWEST_POOL, 4 * count))
        cell_of = _numbered(pool, targets, cells)
    raise _unreachable("the combination of all that is asked for")


def raked(mass: Floats, cells: NDArray[np.int64], targets: Sequence[Target]) -> Floats:
    """The masses (C,) nearest to ``mass`` that have the targets' shares.

    Args:
        cells: (C, J) state of each target: 0, 1, or 2 unknown; the share of the unknown stays.

    Raises:
        InputRejected: ``TARGETS_CONFLICT``, ``TARGET_UNREACHABLE``.
    """
    for place, target in enumerate(targets):
        yes, no = (float(mass[cells[:, place] == state].sum()) for state in (1, 0))
        if (yes == 0 and target.share > 0) or (no == 0 and target.share < 1):
            raise _unreachable(f"share {target.share:g}, number {place + 1} of {len(targets)} asked for")
    mass = mass.copy()
    for _ in range(_SWEEPS):
        worst = 0.0
        for place, target in enumerate(targets):
            yes, no = cells[:, place] == 1, cells[:, place] == 0
            known = mass[yes].sum() + mass[no].sum()
            if known == 0:
                raise _conflict()
            worst = max(worst, abs(mass[yes].sum() / known - target.share))
            for rows, share in ((yes, target.share), (no, 1 - target.share)):
                if mass[rows].sum() > 0:
                    mass[rows] *= share * known / mass[rows].sum()
        mass /= mass.sum()
        if worst < _CLOSE:
            return mass
    raise _conflict()


def _cells(pool: Floats, targets: Sequence[Target]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    cells, cell_of = np.unique(_states(pool, targets), axis=0, return_inverse=True)
    return cells, cell_of.reshape(-1)


def _states(pool: Floats, targets: Sequence[Target]) -> NDArray[np.int64]:
    values = pool[:, [target.column for target in targets]]
    return np.where(np.isfinite(values), np.nan_to_num(values), _UNKNOWN).astype(np.int64)


def _numbered(pool: Floats, targets: Sequence[Target], cells: NDArray[np.int64]) -> NDArray[np.int64]:
    """The cell of each record; -1 where the first pool had none such."""
    same = (_states(pool, targets)[:, None, :] == cells[None]).all(axis=2)
    return np.where(same.any(axis=1), same.argmax(axis=1), -1)


def _quotas(mass: Floats, count: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Records a cell (C,): systematic sampling along the ordered cells, so that shares are off by few records only."""
    places = (np.arange(count) + generator.random()) / count
    cell = np.minimum(np.searchsorted(np.cumsum(mass), places, side="right"), len(mass) - 1)
    return np.bincount(cell, minlength=len(mass))


def _conflict() -> InputRejected:
    return InputRejected(
        "TARGETS_CONFLICT",
        "no cohort has all the stated shares at once",
        expected="shares of one field that sum to at most 1, and none that excludes another",
    )


def _unreachable(what: str) -> InputRejected:
    return InputRejected(
        "TARGET_UNREACHABLE",
        "the records' model draws what is asked for too rarely, or never",
        got=what,
        expected="labels and subgroups that at least 5 train patients have",
        remedy="State a share nearer to that of the source.",
    )
