"""Unique identifiers that follow from what they name: the same parts give the same UID on every machine."""

from __future__ import annotations

import hashlib
import uuid


def derived_uid(*parts: int | str) -> str:
    """A UID below 2.25, the root of UUIDs written as integers (DICOM PS3.5 B.2), from a name-based UUID (version 5).

    Args:
        parts: what the UID names, such as a seed, a patient's number and the kind of object.
    """
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return f"2.25.{uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=5).int}"
