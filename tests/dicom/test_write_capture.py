"""Captures: the picture in colour, turned as it is, and honest about what is burnt in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monai_app.dicom.overlay import Overlay
from monai_app.dicom.source_images import read_source_film
from monai_app.dicom.write_capture import burned_in, write_capture
from tests.dicom.validators import dciodvfy_errors
from tests.faults.studies import ct_study, film_study, hospital_film, written


def test_picture_comes_back_whole(tmp_path: Path) -> None:
    results, context = film_study(tmp_path)
    assert results.overlay is not None
    dataset = written(write_capture(results.overlay, context).data)
    pixels = dataset.pixel_array
    height, width = results.overlay.pixels.shape[:2]
    left = (pixels.shape[1] - width) // 2
    assert np.array_equal(pixels[28 : 28 + height, left : left + width], results.overlay.pixels)
    assert (dataset.PhotometricInterpretation, dataset.ConversionType) == ("RGB", "WSD")
    assert dataset.PatientOrientation == ["L", "F"] and "PixelSpacing" not in dataset


def test_capture_refers_to_every_source_image(tmp_path: Path) -> None:
    results, context = ct_study(tmp_path)
    assert results.overlay is not None
    dataset = written(write_capture(results.overlay, context).data)
    told = {one.ReferencedSOPInstanceUID for one in dataset.SourceImageSequence}
    assert told == {one.SOPInstanceUID for one in context.source.headers}
    assert dataset.PatientOrientation == ["L", "P"]


def test_unknown_orientation_stays_unknown(tmp_path: Path) -> None:
    results, context = film_study(tmp_path)
    assert isinstance(results.overlay, Overlay)
    result = write_capture(replace(results.overlay, letters=None), context)
    assert not written(result.data).PatientOrientation
    assert dciodvfy_errors(result.data, tmp_path) == []


@pytest.mark.parametrize("told", ["YES", "NO", None])
def test_burned_in_annotation_is_what_the_source_says(tmp_path: Path, told: str | None) -> None:
    path = hospital_film(tmp_path / "film", burned_in=told)
    assert burned_in(read_source_film(path)) == told
    results, context = film_study(tmp_path / "study", burned_in=told)
    assert results.overlay is not None
    assert written(write_capture(results.overlay, context).data).get("BurnedInAnnotation") == told
