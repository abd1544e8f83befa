"""A site's secret: the same patient gets the same pseudonym, UIDs and shift of dates in every run, and nobody else can
tell which.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from monai_app.core.atomic import write_text
from monai_app.core.errors import InputRejected
from monai_app.dicom.identifier import derived_uid

_LEAST_CHARACTERS = 32
MOST_DAYS = 3650
"""Dates move back by 1 to this many days."""


@dataclass(frozen=True)
class SiteKey:
    """What is derived from the secret; whoever has it can recognise patients, so it stays at the site."""

    secret: str = field(repr=False)

    @classmethod
    def read(cls, path: Path) -> SiteKey:
        """The key in a file, which is made where it is missing.

        Raises:
            InputRejected: ``KEY_INVALID`` for a file that holds less than 32 characters.
        """
        if not path.exists():
            write_text(path, secrets.token_hex(32) + "\n")
            path.chmod(0o600)
        try:
            secret = path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            secret = ""
        if len(secret) < _LEAST_CHARACTERS:
            raise InputRejected(
                "KEY_INVALID",
                "the key file holds no key",
                expected=f"at least {_LEAST_CHARACTERS} characters",
                remedy="Name a file that does not exist yet: a key is then made. Keep it at the site.",
            )
        return cls(secret)

    def pseudonym(self, patient_id: str) -> str:
        """The new PatientID."""
        return f"P{self._digest('patient', patient_id)[:12].upper()}"

    def uid(self, uid: str) -> str:
        """The new UID of a UID."""
        return derived_uid("deid", self._digest("uid", uid))

    def shift_days(self, patient_id: str) -> int:
        """By how many days the dates of a patient move: back by one offset."""
        return -(1 + int(self._digest("days", patient_id), 16) % MOST_DAYS)

    def _digest(self, kind: str, text: str) -> str:
        return hmac.new(self.secret.encode(), f"{kind}\x1f{text}".encode(), hashlib.sha256).hexdigest()
