"""FHIR R4 resources from a bundle, from NDJSON files (Bulk Data), or from a folder of both; each is validated."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.documentreference import DocumentReference
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.patient import Patient
from pydantic import BaseModel, ValidationError

from monai_app.core.errors import InputRejected

KINDS: dict[str, type[BaseModel]] = {
    "Patient": Patient,
    "Observation": Observation,
    "Condition": Condition,
    "DocumentReference": DocumentReference,
}
"""What is read of a record; the models of R4B, whose difference to R4 touches none of them."""

Resource = Mapping[str, Any]
Entry = tuple[str, Resource]


def read_resources(source: Path) -> dict[str, list[Entry]]:
    """Resources by kind, each with its ``fullUrl`` or "".

    Raises:
        InputRejected: ``FHIR_MISSING``, ``FHIR_INVALID``.
    """
    files = sorted(source.glob("**/*.*json")) if source.is_dir() else [source]
    found = [path for path in files if path.suffix in (".json", ".ndjson") and path.is_file()]
    if not found:
        raise InputRejected(
            "FHIR_MISSING", "there is no FHIR record", expected="a bundle (.json), .ndjson files, or a folder of them"
        )
    return sorted_resources(entry for path in found for entry in _file_entries(path))


def sorted_resources(entries: Iterable[Entry]) -> dict[str, list[Entry]]:
    """Validated resources by kind; kinds that nothing reads are left out.

    Raises:
        InputRejected: ``FHIR_INVALID`` naming kind and fields, never values.
    """
    kept: dict[str, list[Entry]] = {kind: [] for kind in KINDS}
    for url, resource in entries:
        kind = str(resource.get("resourceType"))
        if kind in KINDS:
            _validate(kind, resource)
            kept[kind].append((url, resource))
    return kept


def bundle_entries(bundle: Resource) -> Iterator[Entry]:
    """The entries of a Bundle, bundles within it included."""
    for entry in bundle.get("entry", ()):
        resource = entry.get("resource")
        if isinstance(resource, Mapping):
            if resource.get("resourceType") == "Bundle":
                yield from bundle_entries(resource)
            else:
                yield str(entry.get("fullUrl", "")), resource


def _file_entries(path: Path) -> Iterator[Entry]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise InputRejected("FHIR_INVALID", "a file of the record cannot be read", expected="UTF-8 text") from None
    lines = [line for line in text.splitlines() if line.strip()] if path.suffix == ".ndjson" else [text]
    for line in lines:
        try:
            value = json.loads(line)
        except ValueError:
            raise InputRejected("FHIR_INVALID", "a file of the record is not JSON", expected="FHIR JSON") from None
        if not isinstance(value, dict):
            raise InputRejected("FHIR_INVALID", "a file of the record holds no resource", got=type(value).__name__)
        if value.get("resourceType") == "Bundle":
            yield from bundle_entries(value)
        else:
            yield "", value


def _validate(kind: str, resource: Resource) -> None:
    try:
        KINDS[kind].model_validate(resource)
    except ValidationError as error:
        faults = ", ".join(sorted({f"{'.'.join(map(str, f['loc']))}: {f['type']}" for f in error.errors()})[:5])
        raise InputRejected(
            "FHIR_INVALID",
            f"a resource of kind {kind} does not fit FHIR R4",
            got=faults,
            expected="resources as https://hl7.org/fhir/R4 defines them",
        ) from None
