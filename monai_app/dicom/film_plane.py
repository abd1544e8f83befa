"""A film as a plane, for objects that must lie somewhere: a Parametric Map needs a frame of reference (PS3.3 A.75.3).

A projection has no place in the patient. Its plane lies in a frame of reference of its own, which no other image
shares, so that nothing is claimed but where the film's rows and columns lead.
"""

from __future__ import annotations

import copy

import numpy as np
from pydicom.dataset import Dataset
from pydicom.valuerep import DS

from monai_app.dicom.identifier import derived_uid

_DIRECTIONS = {
    "L": (1.0, 0.0, 0.0),
    "R": (-1.0, 0.0, 0.0),
    "P": (0.0, 1.0, 0.0),
    "A": (0.0, -1.0, 0.0),
    "H": (0.0, 0.0, 1.0),
    "F": (0.0, 0.0, -1.0),
}
"""PatientOrientation (PS3.3 C.7.6.1.1.1) in LPS."""

_FRONTAL = ("L", "F")
"""As films hang where they do not say: the patient's left to the right, feet down."""


def as_plane(film: Dataset, size: tuple[int, int]) -> Dataset:
    """The header of a film as if it had been taken at another size, lying in a frame of reference of its own.

    Args:
        size: (rows, columns), which cover the whole film.
    """
    header = copy.deepcopy(film)  # pydicom sets a value in the element, which a shallow copy would share
    coarser = (film.Rows / size[0], film.Columns / size[1])
    spacing = [step * by for step, by in zip(_spacing_mm(film), coarser, strict=True)]
    header.Rows, header.Columns = size
    header.PixelSpacing = [DS(step, auto_format=True) for step in spacing]
    header.SliceThickness = 1.0
    header.FrameOfReferenceUID = derived_uid("film plane", str(film.SOPInstanceUID))
    header.PositionReferenceIndicator = ""
    header.ImagePositionPatient = [0.0, 0.0, 0.0]
    header.ImageOrientationPatient = [*_directions(film)]
    return header


def _directions(film: Dataset) -> tuple[float, ...]:
    """Where columns and rows lead, at right angles."""
    told = [str(part)[:1].upper() for part in film.get("PatientOrientation") or ()]
    row, column = told if len(told) == 2 and set(told) <= set(_DIRECTIONS) else _FRONTAL
    if np.dot(_DIRECTIONS[row], _DIRECTIONS[column]) != 0:
        row, column = _FRONTAL
    return (*_DIRECTIONS[row], *_DIRECTIONS[column])


def _spacing_mm(film: Dataset) -> tuple[float, float]:
    """At the patient, else at the detector; 1 mm where unknown, as the plane is nobody's measure."""
    for name in ("PixelSpacing", "ImagerPixelSpacing"):
        if film.get(name):
            rows, columns = (float(step) for step in film[name].value)
            return rows, columns
    return 1.0, 1.0
