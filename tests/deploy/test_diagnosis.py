"""A film through an application: every label is reported, the record reaches the model, doubts are said aloud."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from monai_app.cohort.items import split_items
from monai_app.cohort.spec import FilmSpec, ModelSpec
from monai_app.core.errors import InputRejected
from monai_app.deploy.app import MANIFEST, OBJECTS, find_app
from monai_app.deploy.diagnosis import DiagnosisApp
from monai_app.inference.diagnosis import Diagnosis, DiagnosisModel, FilmMap, LabelFound, ModalityTold
from tests.cohort.fhir.records import SPEC, bundle, observation, patient
from tests.dicom.validators import dciodvfy_errors
from tests.faults.studies import hospital_film

CREATED = datetime(2026, 1, 2, 3, 4, 5)
MODEL = ModelSpec(modalities=SPEC.model_copy(update={"film": FilmSpec(size_px=32)}), tasks=())


class Doctor:
    """Says something fixed of every study and remembers what it was shown."""

    def __init__(self, *, unfamiliar: bool = False) -> None:
        self.unfamiliar, self.shown = unfamiliar, {}  # type: tuple[bool, Mapping[str, Any]]

    def __call__(self, cohort: Path, shape: tuple[int, int] | None) -> Diagnosis:
        (self.shown,) = split_items(cohort, None, MODEL)
        assert shape is not None
        values = np.linspace(-1, 1, shape[0] * shape[1], dtype=np.float32).reshape(shape)
        return Diagnosis(
            (
                LabelFound("diagnosis", "effusion", 0.7, 0.1),
                LabelFound("diagnosis", "nodule", 0.2, None, abstained=True),
            ),
            (
                ModalityTold("film", True, 0.75, self.unfamiliar),
                ModalityTold("table", bool(self.shown["table_present"]), 0.25),
            ),
            tuple(FilmMap(name, "hires_cam", values) for name in ("effusion", "nodule")),
        )


def run(tmp_path: Path, doctor: Doctor, **options: Any) -> dict[str, Any]:
    hospital_film(tmp_path / "in" / "film.dcm")
    model = DiagnosisModel(doctor, MODEL, "doctor", "1", "b" * 64, (("calibration", "none"),))
    app = DiagnosisApp("cxr", find_app("cxr_diagnosis"), model)
    return app.run(tmp_path / "in", tmp_path / "out", created=CREATED, **options)


def texts(dataset: Any) -> list[str]:
    """All text values and code meanings of a report."""
    found = []
    for item in dataset.get("ContentSequence", ()):
        found += [str(item.get("TextValue") or "")] + [code.CodeMeaning for code in item.get("ConceptCodeSequence", ())]
        found += texts(item)
    return found


def test_every_label_is_reported_and_valid(tmp_path: Path) -> None:
    record = run(tmp_path, Doctor())
    report = pydicom.dcmread(tmp_path / "out" / OBJECTS / "report.dcm")
    said = texts(report)
    assert {"Present", "Absent"} <= {text.split()[0] for text in said if text}
    assert record["record"] is None and set(record["outputs"]) == {
        f"{OBJECTS}/{kind}.dcm" for kind in ("attribution", "capture", "report")
    }
    for path in (tmp_path / "out" / OBJECTS).iterdir():
        assert dciodvfy_errors(path.read_bytes(), tmp_path) == []


def test_the_record_reaches_the_model_and_no_file_names_the_patient(tmp_path: Path) -> None:
    doctor = Doctor()
    born = {"birthDate": "1960-02-29", "gender": "male"}
    resources = bundle(patient("PID-1", **born), observation("2160-0", 1.2, "mg/dL", "2020-01-01"))
    (tmp_path / "r.json").write_text(json.dumps(resources))
    record = run(tmp_path, doctor, ehr=str(tmp_path / "r.json"))
    assert doctor.shown["film_present"] and doctor.shown["table_present"]
    text = (tmp_path / "out" / MANIFEST).read_text()
    assert "PID-1" not in text and str(tmp_path) not in text and record["record"]["events"] >= 2


def test_another_patients_record_is_refused_and_nothing_written(tmp_path: Path) -> None:
    (tmp_path / "r.json").write_text(json.dumps(bundle(patient("PID-2"))))
    with pytest.raises(InputRejected, match="PATIENT_MISMATCH"):
        run(tmp_path, Doctor(), ehr=str(tmp_path / "r.json"))
    assert not (tmp_path / "out").exists()


def test_what_looks_unfamiliar_is_said_in_the_report(tmp_path: Path) -> None:
    record = run(tmp_path, Doctor(unfamiliar=True))
    assert len(record["doubts"]) == 1 and "film" in record["doubts"][0]
    assert record["doubts"][0] in texts(pydicom.dcmread(tmp_path / "out" / OBJECTS / "report.dcm"))


def test_the_same_film_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    one = run(tmp_path, Doctor())["outputs"]
    assert run(tmp_path, Doctor(), force=True)["outputs"] == one
