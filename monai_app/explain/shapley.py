"""Exact Shapley values and interactions of a few players, from the value of every coalition.

Shapley 1953; interaction index of Grabisch and Roubens, Int. J. Game Theory 28 (1999), eq. 4.
"""

from __future__ import annotations

from math import factorial

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.float64]


def shapley_values(values: Values) -> Values:
    """phi_i = sum over S without i of |S|! (M - |S| - 1)! / M! (v(S + i) - v(S)).

    Args:
        values: (2^M, ...), the value of the coalition whose members are the bits of the index; several games at once.

    Returns:
        (M, ...), which add up to the value of all minus the value of none.
    """
    count = _players(values)
    phi = np.zeros((count, *values.shape[1:]))
    for player in range(count):
        for coalition in range(len(values)):
            if not coalition >> player & 1:
                size = coalition.bit_count()
                weight = factorial(size) * factorial(count - size - 1) / factorial(count)
                phi[player] += weight * (values[coalition | 1 << player] - values[coalition])
    return phi


def interactions(values: Values) -> Values:
    """I_ij = sum over S without i, j of |S|! (M - |S| - 2)! / (M - 1)! (v(S+ij) - v(S+i) - v(S+j) + v(S)), (M, M).

    Positive where two players are worth more together than apart; the diagonal is zero.
    """
    count = _players(values)
    found = np.zeros((count, count))
    for i in range(count):
        for j in range(i):
            both = 1 << i | 1 << j
            for coalition in range(len(values)):
                if not coalition & both:
                    size = coalition.bit_count()
                    weight = factorial(size) * factorial(count - size - 2) / factorial(count - 1)
                    gain = values[coalition | both] - values[coalition | 1 << i] - values[coalition | 1 << j]
                    found[i, j] += weight * (gain + values[coalition])
            found[j, i] = found[i, j]
    return found


def _players(values: Values) -> int:
    count = len(values).bit_length() - 1
    assert len(values) == 1 << count, "there is a value for every coalition"
    return count
