"""A study through an application: the objects say what inference found, and the same run writes the same bytes."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
import pytest

from monai_app.core.errors import InputRejected
from monai_app.deploy.app import MANIFEST, OBJECTS
from monai_app.dicom.discover import discover
from monai_app.dicom.read_segmentation import read_segmentation
from monai_app.dicom.source_images import read_source_series
from monai_app.inference.run import segment_source
from monai_app.inference.source import read_source
from tests.deploy.studies import ct_folder, tiny_app
from tests.dicom.validators import dciodvfy_errors

CREATED = datetime(2026, 1, 2, 3, 4, 5)


def test_the_segmentation_is_what_inference_found(tmp_path: Path) -> None:
    app, folder = tiny_app(tmp_path / "app"), ct_folder(tmp_path / "in")
    record = app.run(folder, tmp_path / "out", created=CREATED)
    expected = segment_source(read_source(folder), app.model, app.options)
    (series,) = discover(folder).series
    source = read_source_series(series.instances)
    found = read_segmentation(tmp_path / "out" / OBJECTS / "segmentation.dcm", source)
    np.testing.assert_array_equal(found.array, expected.segmentation.labels)
    assert record["measurements"] == [dict(row) for row in expected.measurements]
    for path in (tmp_path / "out" / OBJECTS).iterdir():
        assert dciodvfy_errors(path.read_bytes(), tmp_path) == []


def test_the_same_study_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    app, folder = tiny_app(tmp_path / "app", draws=2), ct_folder(tmp_path / "in")
    one = app.run(folder, tmp_path / "one", created=CREATED)["outputs"]
    assert app.run(folder, tmp_path / "two", created=CREATED)["outputs"] == one
    later = app.run(folder, tmp_path / "later", created=CREATED.replace(year=2027))
    uids = [pydicom.dcmread(tmp_path / name / OBJECTS / "report.dcm").SOPInstanceUID for name in ("one", "later")]
    assert uids[0] == uids[1] and later["outputs"] != one


def test_the_manifest_says_how_and_not_whose(tmp_path: Path) -> None:
    tiny_app(tmp_path / "app").run(ct_folder(tmp_path / "in"), tmp_path / "out", created=CREATED)
    text = (tmp_path / "out" / MANIFEST).read_text()
    assert not any(secret in text for secret in ("PHANTOM0000001", "2.25.11", "2.25.12", str(tmp_path)))
    record = json.loads(text)
    assert {"select", "read", "write"} <= {row["stage"] for row in record["stages"]}
    assert record["selection"][0]["chosen"] and record["app"] == "tiny"


def test_a_study_without_the_series_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    with pytest.raises(InputRejected, match="NO_SERIES_SELECTED"):
        tiny_app(tmp_path / "app").run(tmp_path / "in", tmp_path / "out", created=CREATED)
    assert not (tmp_path / "out").exists()


def test_an_output_that_exists_needs_force(tmp_path: Path) -> None:
    app, folder = tiny_app(tmp_path / "app"), ct_folder(tmp_path / "in")
    app.run(folder, tmp_path / "out", created=CREATED)
    with pytest.raises(InputRejected, match="OUTPUT_EXISTS"):
        app.run(folder, tmp_path / "out", created=CREATED)
    app.run(folder, tmp_path / "out", created=CREATED, force=True)
