"""De-identifying one image in memory: the Basic Profile of PS3.15 with dates shifted by one offset a patient."""

from __future__ import annotations

from datetime import date, timedelta

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.multival import MultiValue
from pydicom.uid import UID

from monai_app.dicom.deid_key import SiteKey
from monai_app.dicom.deid_rules import EDITION, Action, action_of, is_registered
from monai_app.dicom.study import IMPLEMENTATION_UID, IMPLEMENTATION_VERSION

METHOD = f"monai-app: {EDITION} Basic Profile, dates shifted"
_PROFILE = (
    ("113100", "Basic Application Confidentiality Profile"),
    ("113107", "Retain Longitudinal Temporal Information Modified Dates Option"),
)
_DUMMIES = {"CS": "ANON", "DS": "0", "IS": "0", "TM": "000000", "AE": "ANON"}
_TEXT_VRS = ("LO", "SH", "UC")
_DUMMY_TEXT = "ANONYMIZED"
_NUMERIC_VRS = frozenset(["FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"])


def deidentify(dataset: FileDataset, key: SiteKey) -> None:
    """De-identify an image in place; pixels stay as they are (burned_text.py looks at them).

    Args:
        dataset: an image; texts of reports and documents are not looked into.
    """
    patient_id = str(dataset.get("PatientID") or dataset.get("StudyInstanceUID") or "")
    pseudonym, shift = key.pseudonym(patient_id), timedelta(days=key.shift_days(patient_id))
    _walk(dataset, key, shift)
    with pydicom.config.disable_value_validation():
        dataset.PatientID, dataset.PatientName = pseudonym, pseudonym
        dataset.PatientIdentityRemoved = "YES"
        dataset.DeidentificationMethod = METHOD
        dataset.DeidentificationMethodCodeSequence = [_code(*one) for one in _PROFILE]
        dataset.LongitudinalTemporalInformationModified = "MODIFIED"
    dataset.preamble = b"\0" * 128
    dataset.file_meta = _meta(dataset)


def _walk(dataset: Dataset, key: SiteKey, shift: timedelta) -> None:
    for tag in list(dataset.keys()):
        element = dataset[tag]
        action = action_of(element.tag, element.VR)
        if action is Action.REMOVE:
            del dataset[tag]
        elif element.VR == "SQ":
            _sequence(dataset, element, action, key, shift)
        else:
            changed = _changed(element, action, key, shift)
            if changed is None:
                del dataset[tag]
            elif changed is not element.value:
                dataset[tag] = DataElement(element.tag, element.VR, changed, validation_mode=pydicom.config.IGNORE)


def _sequence(dataset: Dataset, element: DataElement, action: Action, key: SiteKey, shift: timedelta) -> None:
    if action is not Action.KEEP:  # what is replaced or emptied has no item that could stay
        dataset[element.tag] = DataElement(element.tag, "SQ", [])
        return
    for item in element.value:
        _walk(item, key, shift)


def _changed(element: DataElement, action: Action, key: SiteKey, shift: timedelta) -> object:
    """The new value, the old object where it stays, None where the element goes."""
    if action is Action.KEEP or element.is_empty:
        return element.value
    if action is Action.EMPTY:
        return ""
    if action is Action.NEW_UID:
        return _each(element.value, lambda uid: uid if is_registered(uid) else key.uid(uid))
    if action is Action.SHIFT:
        return _each(element.value, lambda text: shifted(text, shift))
    if element.VR in _NUMERIC_VRS:
        return 0
    return _DUMMIES.get(element.VR, _DUMMY_TEXT if element.VR in _TEXT_VRS else None)


def _each(value: object, change: object) -> object:
    assert callable(change)
    if isinstance(value, MultiValue | list):
        return [change(str(one)) for one in value]
    return change(str(value))


def shifted(text: str, shift: timedelta) -> str:
    """A DA or DT value moved by whole days, its time of day as it was; "" where it is no date."""
    digits = text.strip().replace(".", "", 2) if text.strip()[4:5] == "." else text.strip()
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
        return (day + shift).strftime("%Y%m%d").rjust(8, "0") + digits[8:]
    except (ValueError, OverflowError):
        return ""


def _meta(dataset: FileDataset) -> FileMetaDataset:
    """Nothing of who sent the file."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(dataset.SOPClassUID)
    meta.MediaStorageSOPInstanceUID = UID(dataset.SOPInstanceUID)
    meta.TransferSyntaxUID = dataset.file_meta.TransferSyntaxUID
    meta.ImplementationClassUID = UID(IMPLEMENTATION_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION
    return meta


def _code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "DCM", meaning
    return item
