"""Which codes of a FHIR record feed which channel, field or note: configs/fhir/codes.yaml against a model's spec."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from monai_app.cohort.spec import ModalitySpec
from monai_app.core.records import Record
from monai_app.core.resources import resource


class ObservedQuantity(Record):
    """LOINC codes of one quantity, by the names that specs use for it."""

    names: tuple[str, ...]
    codes: tuple[str, ...]
    substance: str | None = None


class RecordedCondition(Record):
    """Codes of one condition: ICD-10 by prefix, SNOMED CT exactly."""

    names: tuple[str, ...]
    icd10: tuple[str, ...] = ()
    snomed: tuple[str, ...] = ()


class PatientFields(Record):
    """Names of the fields that the Patient resource tells."""

    age: tuple[str, ...]
    sex: tuple[str, ...]


class FhirCodes(Record):
    """The content of configs/fhir/codes.yaml."""

    observations: tuple[ObservedQuantity, ...]
    patient: PatientFields
    conditions: tuple[RecordedCondition, ...]
    notes: tuple[ObservedQuantity, ...]

    @classmethod
    def shipped(cls) -> FhirCodes:
        """The table that the product ships."""
        return cls.read(resource("configs", "fhir", "codes.yaml"))


@dataclass(frozen=True)
class Target:
    """Where a value goes: the event's code and unit in the cohort.

    Attributes:
        code: event code.
        unit: UCUM unit of the cohort.
        substance: for conversions between mass and moles.
    """

    code: str
    unit: str
    substance: str | None = None


@dataclass(frozen=True)
class Targets:
    """What a spec takes of a FHIR record.

    Attributes:
        observations: by LOINC code; a channel and a field may both want one.
        conditions: event codes with the condition that they stand for.
        notes: event code by LOINC document type.
        age: event codes of the age in years.
        sex: event codes of the sex, each with the categories of its field.
        missing: channels and fields that nothing of a FHIR record feeds.
    """

    observations: dict[str, tuple[Target, ...]] = field(default_factory=dict)
    conditions: tuple[tuple[str, RecordedCondition], ...] = ()
    notes: dict[str, str] = field(default_factory=dict)
    age: tuple[Target, ...] = ()
    sex: tuple[tuple[str, tuple[str, ...]], ...] = ()
    missing: tuple[str, ...] = ()


def targets(modalities: ModalitySpec, codes: FhirCodes | None = None) -> Targets:
    """What the channels, fields and notes of a spec take of a FHIR record."""
    table = FhirCodes.shipped() if codes is None else codes
    observations: dict[str, list[Target]] = {}
    missing: list[str] = []
    conditions: list[tuple[str, RecordedCondition]] = []
    age: list[Target] = []
    sex: list[tuple[str, tuple[str, ...]]] = []
    for name, code, unit in _quantities(modalities):
        found = [entry for entry in table.observations if name in entry.names]
        recorded = [entry for entry in table.conditions if name in entry.names]
        for entry in found:
            for loinc in entry.codes:
                observations.setdefault(loinc, []).append(Target(code, unit, entry.substance))
        conditions += [(code, entry) for entry in recorded]
        if name in table.patient.age:
            age.append(Target(code, unit))
        elif not found and not recorded:
            missing.append(name)
    for name, code, categories in _categories(modalities):
        if name in table.patient.sex:
            sex.append((code, categories))
        else:
            missing.append(name)
    wanted = {loinc: tuple(dict.fromkeys(found)) for loinc, found in observations.items()}
    return Targets(wanted, tuple(conditions), _notes(modalities, table), tuple(age), tuple(sex), tuple(missing))


def _quantities(modalities: ModalitySpec) -> Iterable[tuple[str, str, str]]:
    """Name, first event code and unit of every number that a model reads."""
    for channel in modalities.series.channels if modalities.series else ():
        yield channel.name, channel.codes[0], channel.unit
    for item in modalities.table.fields if modalities.table else ():
        if item.kind == "numeric":
            yield item.name, item.codes[0], item.unit


def _categories(modalities: ModalitySpec) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    for item in modalities.table.fields if modalities.table else ():
        if item.kind == "categorical":
            yield item.name, item.codes[0], item.categories


def _notes(modalities: ModalitySpec, table: FhirCodes) -> dict[str, str]:
    found: dict[str, str] = {}
    for code in modalities.note.codes if modalities.note else ():
        for entry in table.notes:
            if code.rpartition("//")[2] in entry.names:
                found |= dict.fromkeys(entry.codes, code)
    return found
