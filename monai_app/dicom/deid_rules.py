"""What becomes of each element on de-identification: the Basic Profile of DICOM PS3.15, Table E.1-1, edition 2026c.

The table is dicom-anonymizer's, which generates it from the standard; what is done is ours. Where the table leaves a
choice (X/Z, X/D, Z/D ...), the one is taken that keeps every object valid: a value that is required stays, as a dummy.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from enum import StrEnum

from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as table
from pydicom.datadict import dictionary_has_tag, keyword_for_tag
from pydicom.tag import BaseTag
from pydicom.uid import UID_dictionary

EDITION = "PS3.15 2026c"


class Action(StrEnum):
    """What becomes of an element."""

    KEEP = "keep"
    REMOVE = "remove"
    EMPTY = "empty"
    DUMMY = "dummy"
    NEW_UID = "new uid"
    SHIFT = "shift"


_BY_CATEGORY = {
    "X_TAGS": Action.REMOVE,
    "Z_TAGS": Action.EMPTY,
    "X_Z_TAGS": Action.EMPTY,
    "D_TAGS": Action.DUMMY,
    "Z_D_TAGS": Action.DUMMY,
    "X_D_TAGS": Action.DUMMY,
    "X_Z_D_TAGS": Action.DUMMY,
    "U_TAGS": Action.NEW_UID,
}
"""X/Z/U* are sequences of references: they stay, and what is in them has rules of its own."""

_REPEATING = ((0x5000, 0x501F), (0x6000, 0x601F))
"""Groups of curves and overlays, which may be drawn text."""

_TEXT = frozenset({"LT", "ST", "UT", "PN", "LO", "SH", "UC", "AE", "UN", "UR"})
"""Value representations that can hold a name."""

TECHNICAL_TEXT = frozenset(
    {
        "CodeMeaning",
        "CodeValue",
        "CodingSchemeDesignator",
        "CodingSchemeVersion",
        "ConvolutionKernel",
        "FilterType",
        "ImagedNucleus",
        "LUTExplanation",
        "Manufacturer",
        "ManufacturerModelName",
        "PixelSpacingCalibrationDescription",
        "ReceiveCoilName",
        "RescaleType",
        "SequenceName",
        "SoftwareVersions",
        "TransmitCoilName",
        "WindowCenterWidthExplanation",
    }
)
"""Text that the table leaves alone and that tells of the machine. All other text is emptied, which is more than the
table asks for: people write names into any field."""

_BIRTH = 0x00100030


def action_of(tag: BaseTag, vr: str) -> Action:
    """What becomes of an element of an image.

    Dates are shifted (Retain Longitudinal Temporal Information with Modified Dates Option), but for the date of birth;
    times of day stay. Private elements, and those that pydicom's dictionary does not know, are removed.
    """
    if tag.is_private or not dictionary_has_tag(tag) or any(first <= tag.group <= last for first, last in _REPEATING):
        return Action.REMOVE
    told = _table().get(int(tag))
    if vr == "UI":
        return Action.NEW_UID
    if vr in ("DA", "DT") and tag != _BIRTH:
        return Action.SHIFT
    if vr == "TM" and told is not Action.REMOVE:
        return Action.KEEP
    if told is None:
        return Action.EMPTY if vr in _TEXT and keyword_for_tag(tag) not in TECHNICAL_TEXT else Action.KEEP
    return told


def is_registered(uid: str) -> bool:
    """Whether the standard itself gave this UID, such as that of a SOP class: it names no patient."""
    return uid in UID_dictionary


@functools.cache
def _table() -> Mapping[int, Action]:
    return {
        (tag[0] << 16) + tag[1]: action
        for category, action in _BY_CATEGORY.items()
        for tag in getattr(table, category)
        if len(tag) == 2
    }
