"""From stored values to what a reader sees: modality LUT or rescale, VOI LUT or window, photometric inversion.

DICOM PS3.3 C.11.1 (modality), C.11.2 (VOI), C.7.6.3.1.2 (photometric interpretation). The whole chain is a function
of one stored value, so it is kept as two limits where it is linear and as a table of all values where it is not.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pydicom

from monai_app.core.errors import InputRejected
from monai_app.dicom.area import Floats, Stored

Doubles = npt.NDArray[np.float64]

DISPLAY_TAGS = [
    "RescaleSlope",
    "RescaleIntercept",
    "ModalityLUTSequence",
    "VOILUTSequence",
    "WindowCenter",
    "WindowWidth",
    "VOILUTFunction",
    "PhotometricInterpretation",
]


@dataclass(frozen=True, eq=False)
class Display:
    """Stored values to [0, 1], 0 black, before inversion.

    Attributes:
        low: stored value shown as 0 (linear displays).
        high: stored value shown as 1; below ``low`` where the rescale slope is negative.
        table: (N,) displayed value of each stored value from ``first`` on (all other displays).
        first: the stored value of ``table[0]``.
        inverted: MONOCHROME1: 1 - value is what MONOCHROME2 would hold.
    """

    low: float
    high: float
    table: Floats | None
    first: int
    inverted: bool

    def __call__(self, stored: Stored) -> Floats:
        """Displayed values of stored ones, elementwise, float32."""
        values = np.empty(stored.shape, np.float32)
        self.limit(stored, values)
        return self.scaled(values)

    def limit(self, stored: Stored, out: Floats) -> None:
        """Write the part of the display that does not commute with averaging into ``out``: limits, or the table."""
        low, high = min(self.low, self.high), max(self.low, self.high)
        if self.table is not None:
            np.take(self.table, stored.astype(np.int64) - self.first, out=out)
        elif low.is_integer() and high.is_integer():  # half the bytes, the same values
            span = np.iinfo(stored.dtype)
            ends = np.array([low, high]).clip(span.min, span.max).astype(stored.dtype)
            np.copyto(out, np.clip(stored, ends[0], ends[1]), casting="unsafe")
        else:
            np.copyto(out, stored, casting="unsafe")
            np.clip(out, low, high, out=out)

    def scaled(self, limited: Floats) -> Floats:
        """The linear rest, which may follow an average."""
        values = (limited - np.float32(self.low)) * np.float32(1 / (self.high - self.low))
        return np.float32(1) - values if self.inverted else values


def build_display(
    header: pydicom.Dataset, *, bits: int, signed: bool, extremes: Callable[[], tuple[int, int]]
) -> Display:
    """The display of a header.

    Args:
        bits: BitsStored.
        signed: two's complement stored values.
        extremes: gives the least and greatest stored value that is no padding; asked for only where no VOI is given,
            to show them as 0 and 1.

    Raises:
        InputRejected: ``NOT_FINITE``, ``RESCALE_INVALID`` or ``VOI_INVALID``.
    """
    inverted = header.PhotometricInterpretation == "MONOCHROME1"
    slope, intercept = _number(header, "RescaleSlope", 1.0), _number(header, "RescaleIntercept", 0.0)
    if slope == 0:
        raise InputRejected("RESCALE_INVALID", "RescaleSlope is zero", expected="a slope that keeps the image")
    window, function = _window(header), str(header.get("VOILUTFunction") or "LINEAR").upper()
    linear = window is None or function in ("LINEAR", "LINEAR_EXACT")
    if linear and not header.get("ModalityLUTSequence") and not header.get("VOILUTSequence"):
        if window is not None:
            low, high = ((edge - intercept) / slope for edge in _edges(*window, function))
        else:
            low, high = map(float, extremes() if slope > 0 else reversed(extremes()))
        return Display(low=low, high=high, table=None, first=0, inverted=inverted)
    first = -(1 << bits - 1) if signed else 0
    codes = np.arange(first, first + (1 << bits), dtype=np.float64)
    values = _modality(codes, header, slope, intercept)
    shown = _voi(values, header, window, function, of_extremes=lambda: values[[code - first for code in extremes()]])
    return Display(low=0.0, high=1.0, table=shown.astype(np.float32), first=first, inverted=inverted)


def shows_fixed_values(header: pydicom.Dataset) -> bool:
    """Whether the display follows from the header alone, not from the range of the image."""
    window = header.get("WindowCenter") is not None and header.get("WindowWidth") is not None
    return window or bool(header.get("VOILUTSequence"))


def _modality(codes: Doubles, header: pydicom.Dataset, slope: float, intercept: float) -> Doubles:
    if header.get("ModalityLUTSequence"):
        return _look_up(codes, header, "ModalityLUTSequence")[0]
    return codes * slope + intercept


def _voi(
    values: Doubles,
    header: pydicom.Dataset,
    window: tuple[float, float] | None,
    function: str,
    *,
    of_extremes: Callable[[], Doubles],
) -> Doubles:
    """VOI LUT before window (both are alternatives), else the range of the image itself; result in [0, 1]."""
    if header.get("VOILUTSequence"):
        table, bits = _look_up(values, header, "VOILUTSequence")
        return table / ((1 << bits) - 1)
    if window is None:
        ends = of_extremes()
        low, high = float(ends.min()), float(ends.max())
        return np.clip((values - low) / ((high - low) or 1.0), 0, 1)
    if function == "SIGMOID":
        return 1 / (1 + np.exp(np.clip(-4 * (values - window[0]) / window[1], -700, 700)))
    low, high = _edges(*window, function)
    return np.clip((values - low) / (high - low), 0, 1)


def _edges(centre: float, width: float, function: str) -> tuple[float, float]:
    """The rescaled values shown as 0 and 1 (C.11.2.1.2.1 LINEAR, C.11.2.1.3.2 LINEAR_EXACT)."""
    if function == "LINEAR":
        centre, width = centre - 0.5, width - 1
    return centre - width / 2, centre + width / 2


def _window(header: pydicom.Dataset) -> tuple[float, float] | None:
    """The first window; further ones are alternatives for the reader."""
    function = str(header.get("VOILUTFunction") or "LINEAR").upper()
    if function not in ("LINEAR", "LINEAR_EXACT", "SIGMOID"):
        raise InputRejected("VOI_INVALID", "VOILUTFunction is unknown", expected="LINEAR, LINEAR_EXACT or SIGMOID")
    if header.get("WindowCenter") is None or header.get("WindowWidth") is None:
        return None
    centre, width = _number(header, "WindowCenter", 0.0), _number(header, "WindowWidth", 0.0)
    if width <= (1 if function == "LINEAR" else 0):
        raise InputRejected("VOI_INVALID", "WindowWidth is too small", expected="more than 1 (LINEAR) or 0")
    return centre, width


def _number(header: pydicom.Dataset, name: str, default: float) -> float:
    value = header.get(name)
    if isinstance(value, pydicom.multival.MultiValue):
        value = value[0] if len(value) else None
    if value is None:
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputRejected("VOI_INVALID", f"{name} is not a number") from None
    if not np.isfinite(number):
        raise InputRejected("NOT_FINITE", f"{name} is not finite", expected="a finite number")
    return number


def _look_up(values: Doubles, header: pydicom.Dataset, name: str) -> tuple[Doubles, int]:
    """Values through a LUT sequence's first item (C.11.1.1), and the bits of its entries."""
    try:
        item = header[name].value[0]
        count, first, bits = (int(number) for number in item.LUTDescriptor)
        count = count or 1 << 16
        data = item.LUTData
        if isinstance(data, bytes):
            data = np.frombuffer(data, np.uint8 if len(data) < 2 * count else "<u2")
        entries = np.asarray(data, np.float64)[:count]
        if item["LUTDescriptor"].VR == "US" and first >= 1 << 15 and values.min() < 0:
            first -= 1 << 16
    except Exception as error:  # the item may be malformed in any way
        raise InputRejected("VOI_INVALID", f"{name} is malformed", got=type(error).__name__) from None
    if len(entries) != count or not 8 <= bits <= 16 or entries.max() >= 1 << bits:
        raise InputRejected(
            "VOI_INVALID", f"{name} does not fit its descriptor", got=f"{len(entries)} entries", expected=count
        )
    return entries[np.clip(np.round(values) - first, 0, count - 1).astype(np.int64)], bits
