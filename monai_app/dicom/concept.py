"""Coded concepts: what a code means to machines and to people (DICOM PS3.3 8, PS3.16)."""

from __future__ import annotations

from dataclasses import dataclass

from highdicom.sr import CodedConcept
from pydicom.sr.coding import Code

from monai_app.core.atomic import sha256_bytes

PRIVATE_SCHEME = "99MONAIAPP"
"""Coding scheme of what no standard has a code for; schemes from 99 on are private (PS3.16 8.2)."""

_MEANING_CHARACTERS = 64
"""Longest code meaning (VR LO)."""


@dataclass(frozen=True)
class Concept:
    """A code.

    Attributes:
        scheme: SCT (SNOMED CT), DCM, UCUM, NCIt, ... or 99MONAIAPP.
        value: at most 16 characters.
        meaning: for people.
    """

    scheme: str
    value: str
    meaning: str

    def coded(self) -> CodedConcept:
        """As highdicom wants it."""
        return CodedConcept(value=self.value, scheme_designator=self.scheme, meaning=self.meaning)


def concept_of(code: Code) -> Concept:
    """A concept of pydicom's dictionary of PS3.16."""
    return Concept(code.scheme_designator, code.value, code.meaning)


def private_concept(name: str) -> Concept:
    """A concept of our own scheme: the same code for the same name, on every machine.

    Args:
        name: such as ``pleural_effusion``; underscores are shown as spaces.
    """
    meaning = name.replace("_", " ")[:_MEANING_CHARACTERS]
    return Concept(PRIVATE_SCHEME, sha256_bytes(name.encode())[:12].upper(), meaning)
