"""Reading a record: a bundle, NDJSON and a folder are one record; what is not FHIR is refused without its content."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from monai_app.cohort.fhir.reading import read_resources
from monai_app.core.errors import InputRejected
from tests.cohort.fhir.records import bundle, observation, patient

RESOURCES = (patient(), observation("2160-0", 1, "mg/dL"))


def test_bundle_ndjson_and_folder_are_one_record(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "bundle.json").write_text(json.dumps(bundle(bundle(*RESOURCES))))
    (tmp_path / "b.ndjson").write_text("\n".join(json.dumps(resource) for resource in RESOURCES) + "\n\n")
    (tmp_path / "c").mkdir()
    for number, resource in enumerate(RESOURCES):
        (tmp_path / "c" / f"{number}.json").write_text(json.dumps(resource))
    found = [read_resources(tmp_path / name) for name in ("a/bundle.json", "b.ndjson", "c")]
    assert found[0] == found[1] == found[2] and len(found[0]["Observation"]) == 1


def test_faults_name_fields_and_never_values(tmp_path: Path) -> None:
    wrong = observation("2160-0", 1, "mg/dL")
    wrong["valueQuantity"]["value"] = "SECRET"
    (tmp_path / "r.json").write_text(json.dumps(bundle(wrong)))
    with pytest.raises(InputRejected, match="FHIR_INVALID") as caught:
        read_resources(tmp_path / "r.json")
    assert "valueQuantity" in str(caught.value) and "SECRET" not in str(caught.value)


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe"])
def test_what_is_no_resource_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "r.json").write_bytes(content)
    with pytest.raises(InputRejected, match="FHIR_INVALID"):
        read_resources(tmp_path / "r.json")


def test_an_empty_folder_is_no_record(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="FHIR_MISSING"):
        read_resources(tmp_path)
