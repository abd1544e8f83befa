"""Who made a result: the site's equipment, and the algorithm with the hash of its weights."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from highdicom import AlgorithmIdentificationSequence
from highdicom.sr import AlgorithmIdentification
from pydicom.sr.codedict import codes

from monai_app.core.errors import InputRejected

NOT_FOR_DIAGNOSIS = "Not for diagnosis"
"""Stands in every object that we write."""

_CHARACTERS = {"station": 16}
"""Longest values (VR SH); all others are LO: 64."""

_HASH_CHARACTERS = 64


@dataclass(frozen=True)
class Equipment:
    """The device that writes results, as the site configures it (PS3.3 C.7.5.1, C.7.5.2).

    Attributes:
        manufacturer: who answers for the software.
        model: the product.
        software_version: of the product.
        serial_number: of this installation.
        institution: where it stands; empty leaves it out.
        station: name of the machine, at most 16 characters; empty leaves it out.

    Raises:
        InputRejected: ``EQUIPMENT_INVALID`` for values that DICOM does not hold.
    """

    manufacturer: str
    model: str
    software_version: str
    serial_number: str = "0"
    institution: str = ""
    station: str = ""

    def __post_init__(self) -> None:
        required = ("manufacturer", "model", "software_version", "serial_number")
        _check_texts("EQUIPMENT_INVALID", "the equipment", vars(self).items(), required)


@dataclass(frozen=True)
class Algorithm:
    """What computed the results (PS3.3 Table 10-19, PS3.16 TID 4019).

    Attributes:
        name: of the model, such as the bundle's.
        version: of the model.
        weights_sha256: hex SHA-256 of its weights.
        parameters: further settings that change what it finds, such as ("threshold", "0.5").

    Raises:
        InputRejected: ``ALGORITHM_INVALID``.
    """

    name: str
    version: str
    weights_sha256: str
    parameters: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        texts = [("name", self.name), ("version", self.version), *self.parameters]
        _check_texts("ALGORITHM_INVALID", "the algorithm", texts, [key for key, _ in texts])
        digest = self.weights_sha256
        if len(digest) != _HASH_CHARACTERS or not set(digest) <= set("0123456789abcdef"):
            raise InputRejected(
                "ALGORITHM_INVALID", "the hash of the weights is no SHA-256", expected=f"{_HASH_CHARACTERS} hex digits"
            )

    @property
    def settings(self) -> dict[str, str]:
        """Hash and parameters by name."""
        return {"weights_sha256": self.weights_sha256, **dict(self.parameters)}

    def of_image(self, manufacturer: str) -> AlgorithmIdentificationSequence:
        """For images that the algorithm made."""
        return AlgorithmIdentificationSequence(
            name=self.name,
            family=codes.DCM.ArtificialIntelligence,
            version=self.version,
            source=manufacturer,
            parameters=self.settings,
        )

    def of_report(self, manufacturer: str) -> AlgorithmIdentification:
        """For content of a report."""
        return AlgorithmIdentification(
            name=self.name,
            version=self.version,
            parameters=[f"{key}={value}" for key, value in self.settings.items()],
            family=codes.DCM.ArtificialIntelligence,
            manufacturer=manufacturer,
        )


def _check_texts(code: str, what: str, texts: Iterable[tuple[str, str]], required: Iterable[str]) -> None:
    for name, text in texts:
        longest = _CHARACTERS.get(name, 64)
        if len(text) > longest or "\\" in text or not text.isprintable() or (name in required and not text.strip()):
            raise InputRejected(
                code,
                f"{name} of {what} does not fit DICOM",
                got=f"{len(text)} characters",
                expected=f"1 to {longest} printable characters without backslash",
                remedy="Correct the configuration of the site or the model.",
            )
