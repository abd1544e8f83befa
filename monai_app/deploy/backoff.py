"""How long to wait before the next try: twice as long each time, up to a limit, half of it by chance."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Backoff:
    """Exponential backoff with jitter, so that workers that failed together do not come back together.

    Attributes:
        generator: of the jitter.
        first_s: about how long after the first failure.
        longest_s: limit.
    """

    generator: np.random.Generator = field(repr=False)
    first_s: float = 2.0
    longest_s: float = 300.0

    def seconds(self, failures: int) -> float:
        """Between half of and the whole of ``first_s`` x 2^(failures - 1), at most ``longest_s``.

        Args:
            failures: from 1.
        """
        whole = min(self.longest_s, self.first_s * 2.0 ** min(max(failures - 1, 0), 60))
        return whole * (0.5 + 0.5 * float(self.generator.random()))
