"""Codes of segments: a table from the labels of a network to the concepts of PS3.16, and none for an unknown label.

The files stand in ``configs/segments``, one for each set of labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from monai_app.core.errors import InputRejected
from monai_app.core.records import Record
from monai_app.dicom.concept import Concept

_Text = Annotated[str, Field(min_length=1, max_length=64)]
_Triple = tuple[_Text, Annotated[str, Field(min_length=1, max_length=16)], _Text]


@dataclass(frozen=True)
class SegmentCode:
    """What a segment shows (PS3.3 C.8.20.4).

    Attributes:
        name: of the network's label.
        label: for people.
        category: such as Anatomical Structure.
        type: such as Lung.
        modifier: such as Right.
        region: where it lies, where the type does not say.
    """

    name: str
    label: str
    category: Concept
    type: Concept
    modifier: Concept | None = None
    region: Concept | None = None


class _Row(Record):
    label: _Text
    category: _Triple
    type: _Triple
    modifier: _Triple | None = None
    region: _Triple | None = None


class SegmentCodes(Record):
    """The table of one set of labels.

    Attributes:
        description: for people.
        segments: by the label's name in the bundle.
    """

    description: str = ""
    segments: dict[str, _Row]

    def of(self, labels: Sequence[str]) -> tuple[SegmentCode, ...]:
        """The codes of labels, in their order.

        Raises:
            InputRejected: ``LABEL_UNKNOWN`` for a label without a code; a segment must not be guessed.
        """
        unknown = [name for name in labels if name not in self.segments]
        if unknown:
            raise InputRejected(
                "LABEL_UNKNOWN",
                "a label of the network has no code",
                got=", ".join(unknown),
                expected=", ".join(self.segments),
                remedy="Add it to the table in configs/segments, or choose the table of this network.",
            )
        return tuple(_code(name, self.segments[name]) for name in labels)


def _code(name: str, row: _Row) -> SegmentCode:
    return SegmentCode(
        name=name,
        label=row.label,
        category=Concept(*row.category),
        type=Concept(*row.type),
        modifier=None if row.modifier is None else Concept(*row.modifier),
        region=None if row.region is None else Concept(*row.region),
    )
