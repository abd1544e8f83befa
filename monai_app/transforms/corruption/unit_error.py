"""UnitErrord: channels whose numbers stand in another unit than the one they are read in (mg/dL for mmol/L, F for C).

The values are not filtered by plausible ranges afterwards: the fault is one that came behind that filter.
"""

from __future__ import annotations

import math

import numpy as np
from monai.config import KeysCollection

from monai_app.cohort.spec import Channel, SeriesSpec
from monai_app.cohort.units import SUBSTANCES, conversion
from monai_app.core.errors import InputRejected
from monai_app.transforms.corruption.base import Floats, Parameters
from monai_app.transforms.corruption.series import SeriesCorruption

SHARE = (0.1, 0.25, 0.45, 0.7, 1.0)
"""Share of the observed channels with another unit in use that has it, rounded up, by severity."""
CONFUSED_WITH = {
    "Cel": ("[degF]", "K"),
    "mm[Hg]": ("kPa", "cm[H2O]"),
    "%": ("1",),
    "1": ("%",),
    "g/dL": ("g/L", "mmol/L"),
    "mg/dL": ("mmol/L", "umol/L", "mg/L"),
    "mmol/L": ("mg/dL", "umol/L"),
    "meq/L": ("mg/dL",),
    "mg/L": ("mg/dL",),
    "ng/L": ("ug/L",),
    "pg/mL": ("ng/mL",),
    "10*3/uL": ("/uL",),
    "10*9/L": ("/uL",),
    "mL/h": ("mL/min",),
    "kg": ("[lb_av]", "g"),
    "cm": ("m", "[in_i]"),
}
"""UCUM unit to the units that hospitals also report the same quantity in."""


class UnitErrord(SeriesCorruption):
    """Convert drawn channels to a drawn other unit of theirs.

    Raises:
        ValueError: when no channel of the series has another unit in use.
    """

    name = "unit_error"

    def __init__(
        self, keys: KeysCollection, severity: int, *, series: SeriesSpec, allow_missing_keys: bool = False
    ) -> None:
        super().__init__(keys, severity, series=series, allow_missing_keys=allow_missing_keys)
        self.others = [other_units(channel) for channel in series.channels]
        if not any(self.others):
            msg = f"no channel has another unit in use, got units {sorted({c.unit for c in series.channels})}"
            raise ValueError(msg)

    def draw_observed(self, rng: np.random.Generator, observed: Floats) -> Parameters:
        """Channels with their wrong unit and value_in_it = value * slope + intercept."""
        order, choice = rng.permutation(len(self.others)), rng.random(len(self.others))
        seen = set(np.flatnonzero(np.isfinite(observed).any(axis=0)))
        able = [index for index in order if index in seen and self.others[index]]
        wrong = []
        for index in able[: math.ceil(self.level(SHARE) * len(able))]:
            unit, slope, intercept = self.others[index][int(choice[index] * len(self.others[index]))]
            name = self.series.channels[index].name
            wrong.append({"channel": name, "unit": unit, "slope": slope, "intercept": intercept})
        return {"channels": wrong}

    def distort(self, observed: Floats, parameters: Parameters) -> Floats:
        """The observations with those channels converted."""
        names = [channel.name for channel in self.series.channels]
        for wrong in parameters["channels"]:
            index = names.index(wrong["channel"])
            observed[:, index] = observed[:, index].astype(np.float64) * wrong["slope"] + wrong["intercept"]
        return observed


def other_units(channel: Channel) -> list[tuple[str, float, float]]:
    """The other units a channel is reported in, each with the slope and the intercept of the conversion."""
    name = channel.name.replace("haem", "hem")
    substance = next((substance for substance in SUBSTANCES if substance in name), None)
    found = []
    for unit in CONFUSED_WITH.get(channel.unit, ()):
        try:
            found.append((unit, *conversion(channel.unit, to=unit, substance=substance)))
        except InputRejected:  # mass to moles of a channel that is no known substance: nobody reports it so
            continue
    return found
