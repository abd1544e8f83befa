"""A named patient's CT and film with results about them; what must not leave the sources is marked by CANARY."""

from __future__ import annotations

import functools
import io
import itertools
from datetime import datetime
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import FileDataset

from monai_app.core.resources import resource
from monai_app.dicom.equipment import Algorithm, Equipment
from monai_app.dicom.film import read_film
from monai_app.dicom.overlay import film_overlay, slice_overlay
from monai_app.dicom.report_content import Interval, ModalityShare, ReportContent, ReportedFinding, ReportedVolume
from monai_app.dicom.result_object import ResultContext
from monai_app.dicom.results import StudyResults
from monai_app.dicom.segment_codes import SegmentCode, SegmentCodes
from monai_app.dicom.source_images import SourceImages, read_source_film, read_source_series
from monai_app.dicom.volume import Volume
from monai_app.dicom.volume_files import read_volume
from monai_app.dicom.write_attribution import AttributionMap
from monai_app.dicom.write_film import FilmHeader, FilmModality, write_film
from monai_app.dicom.write_series import SeriesGeometry
from tests.faults.series import AXIAL, STUDY, ct, each, ramp, write

NAME = "Müller^Jürgen"
CANARY = "CANARY-8131"
PATIENT = {
    "PatientName": NAME,
    "PatientID": "PID-1",
    "PatientBirthDate": "19600229",
    "PatientSex": "M",
    "AccessionNumber": "ACC-1",
    "ReferringPhysicianName": "House^Gregory",
    "PatientIdentityRemoved": None,
    "DeidentificationMethod": None,
    "SyntheticData": None,
}
"""What results take over, or, where None, what a hospital's images do not say."""

NEVER_COPIED = {
    "PatientComments": CANARY,
    "OtherPatientNames": CANARY,
    "PatientAddress": CANARY,
    "EthnicGroup": CANARY[:16],
    "OperatorsName": CANARY,
    "StudyDescription": CANARY,
    "InstitutionName": CANARY,
}

EQUIPMENT = Equipment("Maker", "monai-app", "1.2", institution="Klinikum Süd", station="PC1")
ALGORITHM = Algorithm("ct_segmentation", "1.0", "a" * 64, (("overlap", "0.25"),))
CREATED = datetime(2026, 1, 2, 3, 4, 5)
NAMES = ("lung_right", "heart", "lesion")


def hospital_ct(folder: Path, volume: np.ndarray | None = None, geometry: SeriesGeometry = AXIAL) -> list[Path]:
    """The files of a CT."""
    return write(folder, each(ct(ramp() if volume is None else volume, geometry), **PATIENT, **NEVER_COPIED))


def hospital_film(path: Path, *, burned_in: str | None = "NO", rows: int = 60, columns: int = 48) -> Path:
    """A film."""
    header = FilmHeader(
        study=STUDY,
        modality=FilmModality.DX,
        sop_instance_uid="2.25.77",
        view="PA",
        monochrome1=False,
        bits=12,
        pixel_mm=0.2,
        source_to_detector_mm=1800,
    )
    pixels = (np.arange(rows * columns).reshape(rows, columns) % 4000).astype(np.uint16)
    film = pydicom.dcmread(io.BytesIO(write_film(pixels, header)))
    each([film], **PATIENT, **NEVER_COPIED, BurnedInAnnotation=burned_in)
    return write(path.parent, [film], name=lambda _: path.name)[0]


def context_of(source: SourceImages, algorithm: Algorithm = ALGORITHM) -> ResultContext:
    """A run of a model on a study."""
    return ResultContext(source, EQUIPMENT, algorithm, CREATED)


@functools.cache
def segment_codes() -> tuple[SegmentCode, ...]:
    """Of NAMES."""
    return SegmentCodes.read(resource("configs", "segments", "ct_thorax.yaml")).of(NAMES)


def labels_on(volume: Volume) -> Volume:
    """Labels that no flip or turn leaves as they are: 1 in several planes, 2 in one, no 3, the first plane empty."""
    array = np.zeros(volume.array.shape, np.uint8)
    array[1:3, 1:4, 1:3] = 1
    array[0, 2, -2] = 1
    array[3:, 2:4, -1] = 2
    return Volume(array, volume.affine_ras)


def report(*, volumes: bool = True) -> ReportContent:
    """Two findings, three volumes, two inputs."""
    return ReportContent(
        findings=(
            ReportedFinding("pneumonia", True, 0.8, 0.5, Interval(0.7, 0.9, 0.9)),
            ReportedFinding("heart_failure", False, 0.1, 0.5, abstained=True),
        ),
        volumes=(
            ReportedVolume("lung_right", 1.25, Interval(1.0, 1.5, 0.95)),
            ReportedVolume("heart", 0.5),
            ReportedVolume("lesion", 0.0),
        )
        if volumes
        else (),
        modalities=(ModalityShare("film", True, 1.0, 0.9), ModalityShare("note", False, 0.0)),
    )


def ct_study(folder: Path) -> tuple[StudyResults, ResultContext]:
    """A CT and all that can be found in it."""
    files = hospital_ct(folder)
    volume = read_volume(folder)
    labels = labels_on(volume)
    shape = volume.array.shape
    maps = [
        AttributionMap(name, "Grad-CAM", np.random.default_rng(seed).normal(size=shape), volume.affine_ras)
        for seed, name in enumerate(("pneumonia", "heart_failure"))
    ]
    overlay = slice_overlay(volume, labels.array, [one.label for one in segment_codes()], modality="CT")
    found = StudyResults(report(), labels, segment_codes(), maps, overlay)
    return found, context_of(read_source_series(files))


def film_study(folder: Path, *, burned_in: str | None = "NO") -> tuple[StudyResults, ResultContext]:
    """A film and all that can be found in it; its map is coarser than the film."""
    path = hospital_film(folder / "film", burned_in=burned_in)
    values = np.random.default_rng(0).normal(size=(20, 16))
    overlay = film_overlay(read_film(path), values, name="pneumonia", method="Grad-CAM")
    found = StudyResults(report(volumes=False), maps=[AttributionMap("pneumonia", "Grad-CAM", values)], overlay=overlay)
    return found, context_of(read_source_film(path))


def turned(volume: Volume, order: tuple[int, ...], signs: tuple[int, ...]) -> Volume:
    """The same voxels in the patient with the axes of the array permuted and mirrored."""
    array, affine = volume.array.transpose(order), volume.affine_ras[:, [*order, 3]].copy()
    for axis, sign in enumerate(signs):
        if sign < 0:
            array = np.flip(array, axis)
            affine[:3, 3] += affine[:3, axis] * (array.shape[axis] - 1)
            affine[:3, axis] *= -1
    return Volume(np.ascontiguousarray(array), affine)


WAYS = [(order, signs) for order in itertools.permutations(range(3)) for signs in itertools.product((1, -1), repeat=3)]
"""The 48 orders and directions of the axes of an array."""


def geometries() -> list[SeriesGeometry]:
    """The 48 ways in which slices along the axes of the body can lie: 24 of a picture, stacked either way."""
    axes = [tuple(float(sign * (place == axis)) for place in range(3)) for axis in range(3) for sign in (1, -1)]
    found = []
    for row, column in itertools.permutations(axes, 2):
        normal = np.cross(row, column)
        if np.abs(normal).max() == 0:
            continue
        for toward in (1.0, -1.0):
            step = tuple(float(part) for part in toward * 2.5 * normal)
            found.append(SeriesGeometry((-10.0, -20.0, 30.0), row, column, step, (0.75, 0.5)))  # type: ignore[arg-type]
    return found


def written(data: bytes) -> FileDataset:
    """A result as it is read back."""
    return pydicom.dcmread(io.BytesIO(data))
