"""Films of synthetic records: drawn by a bundle for each record, written as DICOM that says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from monai_app.cohort.store import IMAGE_COLUMNS
from monai_app.cohort.tokenizer import WORDPIECE, NoteTokenizer
from monai_app.cohort.writer import CohortContent
from monai_app.core.atomic import sha256_file
from monai_app.core.errors import InputRejected
from monai_app.core.loading import weights_notes
from monai_app.core.random import derive_seed
from monai_app.dicom.generated_film import Generator, write_generated_film
from monai_app.dicom.identifier import derived_uid
from monai_app.dicom.study import StudyHeader
from monai_app.engines.bundle import Workflow, find_bundle, open_workflow, typed_errors
from monai_app.engines.generation.drawing import read_generation_spec
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.generate.privacy.statement import PrivacyStatement
from monai_app.generate.synthetic.content import Written, film_time

Films = NDArray[np.float32]

AGE = "table/age"
"""Column of the field that is written as a patient's age."""


@dataclass(frozen=True)
class DrawnFilms:
    """Films (N, S, S) in [0, 1] and the subject of each."""

    subjects: tuple[int, ...]
    films: Films


class Draw(Protocol):
    """Something that draws a film for every sample of a cohort."""

    @property
    def generator(self) -> Generator:
        """What draws."""
        ...

    @property
    def statements(self) -> Sequence[PrivacyStatement | None]:
        """Of every network that films are drawn with, those left out that are public."""
        ...

    @property
    def unnoised(self) -> Sequence[str]:
        """What else the model tells of its train patients."""
        ...

    def films(self, cohort_dir: Path, seed: int) -> DrawnFilms:
        """One film a sample."""
        ...


@dataclass(frozen=True)
class BundleDraw:
    """A bundle of conditioned diffusion draws.

    Attributes:
        bundle: name or path.
        model_dir: of the diffusion, the autoencoder in it; None takes the bundle's own.
        overlays: of the training, such as ``film128``.
        settings: further ones of its inference.
    """

    bundle: str = "ehr_conditioned_diffusion"
    model_dir: Path | None = None
    overlays: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """The model folder."""
        return find_bundle(self.bundle) / "models" if self.model_dir is None else self.model_dir

    @property
    def generator(self) -> Generator:
        """Its name and the start of its weights' hash.

        Raises:
            InputRejected: ``MODEL_MISSING``.
        """
        weights = self.folder / WEIGHTS_NAME
        if not weights.is_file():
            raise InputRejected("MODEL_MISSING", "there is no image model", expected=f"a folder with {WEIGHTS_NAME}")
        return Generator("monai-app", Path(self.bundle).name, sha256_file(weights)[:16])

    @property
    def autoencoder(self) -> Path:
        """Its folder."""
        return Path(self.settings.get("autoencoder_dir", self.folder / "autoencoder"))

    @property
    def statements(self) -> Sequence[PrivacyStatement | None]:
        """Of the diffusion and, unless the diffusion's names it as public, of its autoencoder."""
        own, weights = _statement(self.folder), self.autoencoder / WEIGHTS_NAME
        if own is not None and weights.is_file() and sha256_file(weights) in own.public_weights:
            return (own,)
        return own, _statement(self.autoencoder)

    @property
    def unnoised(self) -> Sequence[str]:
        """Ranges of values in its spec, and a vocabulary learned from notes.

        Raises:
            InputRejected: ``MODEL_MISSING``, ``RECORD_INVALID``; of the tokenizer.
        """
        tokenizer = self.folder / "tokenizer"
        learned = tokenizer.is_dir() and NoteTokenizer.load(tokenizer).record.source == WORDPIECE
        found = {"ranges of values": bool(read_generation_spec(self.folder).ranges), "a vocabulary of notes": learned}
        return [name for name, there in found.items() if there]

    def films(self, cohort_dir: Path, seed: int) -> DrawnFilms:
        """One film a sample.

        Raises:
            InputRejected: those of the bundle; ``FILM_EXPECTED`` where it draws volumes.
        """
        asked: dict[str, Any] = {"cohort_dir": str(cohort_dir), "seed": seed}
        asked |= {"split": None, "cases": None, "samples": 1}
        if self.model_dir is not None:
            asked["model_dir"] = str(self.model_dir.resolve())
        settings = {**self.settings, **asked}
        workflow = open_workflow(
            find_bundle(self.bundle), Workflow.INFERENCE, overlays=self.overlays, settings=settings
        )
        with typed_errors():
            items = workflow.parser.get_parsed_content("drawn_for")
            images = workflow.parser.get_parsed_content("images")
        workflow.finalize()
        if images.ndim != 4:
            raise InputRejected("FILM_EXPECTED", "the bundle draws volumes", expected="a bundle that draws films")
        return DrawnFilms(tuple(int(item["subject_id"]) for item in items), images[:, 0])


def _statement(folder: Path) -> PrivacyStatement | None:
    """The statement of weights that say themselves that they are private: one that others left there means nothing."""
    weights = folder / WEIGHTS_NAME
    private = weights.is_file() and "privacy" in weights_notes(weights)
    return PrivacyStatement.of(folder) if private else None


def film_content(whole: CohortContent, written: Written, images: DrawnFilms, generator: Generator) -> None:
    """Put films into a cohort's content: index and files."""
    place = {subject: number for number, subject in enumerate(written.subjects)}
    rows: list[tuple[Any, ...]] = []
    files: dict[str, bytes | Path] = {}
    for subject, film in zip(images.subjects, images.films, strict=True):
        number = place[subject]
        path = f"films/{derive_seed('synthetic', written.seed, 'file', number):016x}.dcm"
        uid = derived_uid(written.seed, generator.version, number, "synthetic", "instance")
        study, aged = _study(written, number, generator), np.isfinite(written.value(number, AGE))
        files[path] = write_generated_film(film, study, generator, sop_instance_uid=uid, age_known=bool(aged))
        rows.append((subject, film_time(written, number), path, "CR", ""))
    schema = {name: dtype for name, dtype in IMAGE_COLUMNS.items() if name != "sha256"}
    whole.images = pl.DataFrame(rows, schema=schema, orient="row")
    whole.image_files = files


def _study(written: Written, number: int, generator: Generator) -> StudyHeader:
    sex = next((name for name in "FM" if written.value(number, f"table/sex={name}") == 1.0), "O")
    age = written.value(number, AGE)
    return StudyHeader(
        patient_id=f"SYNTHETIC{number:07d}",
        sex=sex,
        age_years=float(np.clip(age, 0, 120)) if np.isfinite(age) else 0.0,
        taken=film_time(written, number),
        study_uid=derived_uid(written.seed, generator.version, number, "synthetic", "study"),
        series_uid=derived_uid(written.seed, generator.version, number, "synthetic", "series"),
        manufacturer=generator.manufacturer,
        model=generator.model,
        institution="",
        description="Synthetic film",
    )
