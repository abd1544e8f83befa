"""TimeShiftd: a series charted by a clock that is wrong, from summer time (1 h) to noon for midnight (12 h)."""

from __future__ import annotations

import numpy as np

from monai_app.transforms.corruption.base import Floats, Parameters
from monai_app.transforms.corruption.series import SeriesCorruption

SHIFT_HOURS = (1.0, 2.0, 4.0, 8.0, 12.0)
"""Error of the clock by severity; its sign is drawn."""


class TimeShiftd(SeriesCorruption):
    """Move all observations by whole steps, as far as one still lies within the grid; what leaves it is lost."""

    name = "time_shift"

    def draw_observed(self, rng: np.random.Generator, observed: Floats) -> Parameters:
        """Steps, positive for later (the latest values fall behind the prediction time)."""
        late = bool(rng.random() < 0.5)
        seen = np.flatnonzero(np.isfinite(observed).any(axis=1))
        room = 0 if not seen.size else len(observed) - 1 - int(seen[0]) if late else int(seen[-1])
        steps = min(room, max(1, round(self.level(SHIFT_HOURS) / self.series.step_hours)))
        return {"steps": steps if late else -steps}

    def distort(self, observed: Floats, parameters: Parameters) -> Floats:
        """The observations at their wrong times."""
        steps = parameters["steps"]
        shifted = np.full_like(observed, np.nan)
        if steps >= 0:
            shifted[steps:] = observed[: len(observed) - steps]
        else:
            shifted[:steps] = observed[-steps:]
        return shifted
