"""Shared values are those that pydicom parses from each file alone, whatever the encoding, and faults still show."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from monai_app.dicom.element_memo import ElementMemo


def parsed(*, implicit: bool = False, **values: Any) -> pydicom.Dataset:
    """A dataset as it comes from a file: raw."""
    dataset = pydicom.Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    stream = DicomBytesIO()
    stream.is_little_endian, stream.is_implicit_VR = True, implicit
    write_dataset(stream, dataset)
    file = pydicom.FileDataset(None, pydicom.Dataset(), preamble=b"\0" * 128)
    file.file_meta = pydicom.dataset.FileMetaDataset()
    syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    return pydicom.dcmread(
        BytesIO(b"\0" * 128 + b"DICM" + b"\x02\x00\x10\x00UI" + _ui(syntax) + stream.getvalue()), force=True
    )


def _ui(value: str) -> bytes:
    data = value.encode() + b"\0" * (len(value) % 2)
    return len(data).to_bytes(2, "little") + data


@pytest.mark.parametrize("implicit", [False, True])
def test_values_are_those_of_each_file_alone(implicit: bool) -> None:
    memo = ElementMemo()
    common = {"SpecificCharacterSet": "ISO_IR 100", "PixelSpacing": [0.5, 0.25], "SeriesDescription": "Schädel"}
    cases = [{**common, "InstanceNumber": index, "PixelRepresentation": index % 2} for index in range(4)]
    for case in cases:
        one, alone = (parsed(implicit=implicit, **case) for _ in range(2))
        memo.settle(one)
        assert one == alone and one.SeriesDescription == "Schädel" and one.InstanceNumber == case["InstanceNumber"]


def test_the_same_bytes_in_another_character_set_are_another_text() -> None:
    memo = ElementMemo()
    swapped = parsed(SpecificCharacterSet="ISO_IR 144", SeriesDescription="Ж")
    latin = parsed(SpecificCharacterSet="ISO_IR 100", SeriesDescription="\xb6")  # the byte that is Ж in ISO_IR 144
    for one, text in ((swapped, "Ж"), (latin, "\xb6")):
        memo.settle(one)
        assert one.SeriesDescription == text


def test_signedness_of_padding_follows_its_own_file_where_the_file_does_not_say() -> None:
    memo = ElementMemo()
    found = []
    for signed in (0, 1):
        one = parsed(implicit=True, PixelRepresentation=signed)
        one[0x00280120] = pydicom.dataelem.RawDataElement(
            pydicom.tag.BaseTag(0x00280120), None, 2, b"\x00\x80", 0, True, True
        )
        memo.settle(one)
        found.append(one.PixelPaddingValue)
    assert found == [32768, -32768]


def test_what_is_left_for_later_stays_bytes_and_faults_show_when_it_is_parsed() -> None:
    memo = ElementMemo()
    one = parsed(TriggerTime=1.0, Modality="CT")
    tag = pydicom.tag.Tag("DiffusionBValue")
    one[tag] = pydicom.dataelem.RawDataElement(tag, "FD", 3, b"abc", 0, False, True)
    memo.settle(one, later=frozenset({int(tag)}))
    assert isinstance(one.get_item(tag), pydicom.dataelem.RawDataElement) and one.Modality == "CT"
    with pytest.raises(pydicom.errors.BytesLengthException):
        memo.settle(one)


def test_elements_beyond_the_limit_are_parsed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monai_app.dicom.element_memo.MAX_ELEMENTS", 1)
    one = parsed(Modality="CT", PixelSpacing=[0.5, 0.5])
    ElementMemo().settle(one)
    assert one.Modality == "CT" and not any(one.get_item(tag).is_raw for tag in one.keys())  # noqa: SIM118
