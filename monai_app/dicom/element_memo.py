"""Values that the files of a series share are parsed once: a slice differs from the next in a few elements only.

pydicom turns the bytes of an element into its value on access, which takes most of the time of reading a header. Equal
bytes of the same element in the same encoding have the same value.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Any

import pydicom
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement

MAX_ELEMENTS = 20_000
"""Further elements are parsed one by one; identifiers and positions differ in every file."""

_PLAIN = frozenset(
    ["AE", "AS", "CS", "DA", "DS", "DT", "FD", "FL", "IS", "LO", "LT", "SH", "SL", "SS", "ST", "TM", "UI", "UL", "US"]
)
"""Value representations whose value follows from the bytes and the character set alone."""


class ElementMemo:
    """Parsed elements of the files of one folder or series; nothing may change an element that it handed out."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], DataElement] = {}

    def settle(self, dataset: pydicom.Dataset, *, later: Set[int] = frozenset()) -> None:
        """Parse all values, nested ones included, so that no later access can fail.

        Args:
            dataset: as pydicom read it.
            later: elements that stay bytes.

        Raises:
            Exception: whatever pydicom raises for malformed bytes.
        """
        encoding = dataset.original_character_set
        text = encoding if isinstance(encoding, str) else tuple(encoding or ())
        for tag in [one for one in dataset.keys() if one not in later]:  # noqa: SIM118 - iterating parses
            raw = dataset.get_item(tag)
            if not isinstance(raw, RawDataElement) or not _is_plain(raw):
                _settle_nested(dataset[tag])
                continue
            key = (tag, raw.VR, raw.value, raw.is_implicit_VR, raw.is_little_endian, text)
            known = self._known.get(key)
            if known is not None:
                dataset[tag] = known
            elif len(self._known) < MAX_ELEMENTS:
                self._known[key] = dataset[tag]
            else:
                _ = dataset[tag]


def _is_plain(raw: RawDataElement) -> bool:
    vr = raw.VR
    if vr is None:  # implicit: the dictionary tells
        vr = dictionary_VR(raw.tag) if dictionary_has_tag(raw.tag) else ""
    return vr in _PLAIN


def _settle_nested(element: DataElement) -> None:
    if element.VR == "SQ":
        for item in element.value:
            for inner in item.iterall():
                _ = inner.value
