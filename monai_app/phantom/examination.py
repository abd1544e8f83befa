"""The images of one patient as files: DICOM films and series, and the masks beside them."""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from PIL import Image

from monai_app.core.random import derive_seed
from monai_app.dicom.identifier import derived_uid
from monai_app.dicom.study import StudyHeader
from monai_app.dicom.write_film import FilmHeader, FilmModality, write_film
from monai_app.phantom.beam import SOURCE_TO_DETECTOR_MM
from monai_app.phantom.film import PIXEL_MM, STORED_BITS, Film, take_film, take_twins
from monai_app.phantom.marker import Lead
from monai_app.phantom.patient import Patient


@dataclass(frozen=True)
class ImageRow:
    """One row of the image index."""

    subject_id: int
    time: datetime
    path: str
    modality: str
    view: str


@dataclass(frozen=True)
class MaskRow:
    """One mask: of which image (or folder of a series), and what it holds (findings, organs, lesions)."""

    subject_id: int
    image: str
    content: str
    mask: str


@dataclass(frozen=True)
class Rendered:
    """Files of one examination by path: images below the image root, masks beside it."""

    images: dict[str, bytes]
    masks: dict[str, bytes]


class FilmExamination:
    """The film of a patient: its index rows are known before it is rendered."""

    def __init__(self, patient: Patient, *, pixel_scale: int = 1) -> None:
        self.patient = patient
        self._pixel_scale = pixel_scale
        self._name = file_stem(patient, "film")

    @property
    def modality(self) -> FilmModality:
        """CR where the scanner uses plates, else DX."""
        return FilmModality(self.patient.site.scanner.modality)

    @property
    def rows(self) -> list[ImageRow]:
        """The film's row of the image index."""
        time = self.patient.admission + timedelta(hours=self.patient.film_hours)
        path = f"films/{self._name}.dcm"
        return [ImageRow(self.patient.subject_id, time, path, self.modality.value, self.patient.view.value)]

    @property
    def masks(self) -> list[MaskRow]:
        """The film's mask: bits of findings, heart and lungs."""
        return [MaskRow(self.patient.subject_id, self.rows[0].path, "findings", f"masks/films/{self._name}.png")]

    def render(self) -> Rendered:
        """Expose the film and write it as DICOM, its mask as PNG."""
        film = take_film(self.patient, pixel_scale=self._pixel_scale)
        stream = io.BytesIO()
        Image.fromarray(film.mask).save(stream, "PNG", compress_level=4)
        return Rendered({self.rows[0].path: self.written(film)}, {self.masks[0].mask: stream.getvalue()})

    def twins(self, leads: Iterable[Lead]) -> dict[Lead, bytes]:
        """The film as DICOM with other lead letters on the cassette; :attr:`Lead.OWN` gives the bytes of ``render``."""
        films = take_twins(self.patient, leads, pixel_scale=self._pixel_scale)
        return {lead: self.written(film) for lead, film in films.items()}

    def written(self, film: Film) -> bytes:
        """A film of this patient as DICOM."""
        header = FilmHeader(
            study=study_header(self.patient, "film", self.rows[0].time),
            modality=self.modality,
            sop_instance_uid=derived_uid(self.patient.seed, self.patient.number, "film", "instance"),
            view=film.view.value,
            monochrome1=film.monochrome1,
            bits=STORED_BITS,
            pixel_mm=round(PIXEL_MM * self._pixel_scale, 3),
            source_to_detector_mm=SOURCE_TO_DETECTOR_MM[film.view],
        )
        return write_film(film.pixels, header)


def file_stem(patient: Patient, kind: str) -> str:
    """A name that says nothing about the patient."""
    return f"{derive_seed(patient.seed, 'phantom', patient.number, 'file', kind):016x}"


def study_header(patient: Patient, kind: str, taken: datetime) -> StudyHeader:
    """The shared attributes of an examination of a patient."""
    scanner = patient.site.scanner
    return StudyHeader(
        patient_id=f"PHANTOM{patient.subject_id:07d}",
        sex=patient.sex,
        age_years=patient.age_years,
        taken=taken,
        study_uid=derived_uid(patient.seed, patient.number, kind, "study"),
        series_uid=derived_uid(patient.seed, patient.number, kind, "series"),
        manufacturer=scanner.vendor,
        model=scanner.model,
        institution=f"Simulated hospital {patient.site.name}",
        description=f"Simulated {kind}",
    )
