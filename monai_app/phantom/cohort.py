"""A cohort of simulated patients, in the same form as every other source, with its truth beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from monai_app.cohort.spec import CohortRecord, Modality, ModalitySpec, Provenance, TaskKind, TaskSpec
from monai_app.cohort.writer import CohortContent, write_cohort
from monai_app.core.atomic import refuse_existing
from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.core.resources import resource
from monai_app.dicom.write_series import SeriesModality
from monai_app.phantom.companion import companions
from monai_app.phantom.darkroom import Darkroom, Examination
from monai_app.phantom.events import code_descriptions, event_table, written_notes
from monai_app.phantom.examination import FilmExamination
from monai_app.phantom.information import DIAGNOSES, PHENOTYPES
from monai_app.phantom.labels import MORTALITY_DAYS, Truth, draw_truth
from monai_app.phantom.patient import Patient, draw_patient
from monai_app.phantom.site import EXTERNAL_SITE
from monai_app.phantom.volume import VolumeExamination

VERSION = "1"
_SPLIT_CYCLE = ("train",) * 14 + ("tuning",) * 3 + ("held_out",) * 3
"""70 / 15 / 15 of every 20 patients of a site."""

TASKS = (
    TaskSpec(
        name="diagnosis",
        kind=TaskKind.MULTILABEL,
        classes=tuple(DIAGNOSES),
        description="what the patient turned out to have",
    ),
    TaskSpec(name="mortality", kind=TaskKind.BINARY, description=f"death within {MORTALITY_DAYS:.0f} d"),
    TaskSpec(name="phenotype", kind=TaskKind.MULTICLASS, classes=tuple(PHENOTYPES), description="leading derangement"),
    TaskSpec(name="length_of_stay", kind=TaskKind.REGRESSION, unit="d", description="days until discharge or death"),
    TaskSpec(
        name="time_to_death",
        kind=TaskKind.SURVIVAL,
        unit="d",
        bin_edges=(3.0, 7.0, 14.0, 30.0, 60.0, 120.0, 240.0, 365.0),
        description="days until death; censored at the end of follow-up",
    ),
)


def write_phantom(
    out: str | Path,
    *,
    patients: int,
    seed: int,
    volumes: int = 0,
    force: bool = False,
    workers: int = 2,
    pixel_scale: int = 1,
    on_rendered: Callable[[], None] | None = None,
) -> CohortRecord:
    """Simulate a cohort and write it.

    Args:
        patients: number of patients; patient k is the same whatever their number.
        seed: of everything.
        volumes: the first so many patients also get a CT and an MR series.
        workers: threads that render images; they do not change a byte.
        pixel_scale: enlarges the pixels of films (1: 0.4 mm).
        on_rendered: called after each examination.

    Raises:
        InputRejected: ``PATIENTS_INVALID``; ``OUTPUT_EXISTS``.
    """
    refuse_existing(out, force=force)
    if patients < 1 or volumes < 0 or volumes > patients:
        raise InputRejected(
            "PATIENTS_INVALID",
            "the numbers of patients and volumes do not fit",
            got=f"{patients} patients, {volumes} volumes",
            expected="at least one patient and no more volumes than patients",
        )
    people = [draw_patient(seed, number) for number in range(patients)]
    examinations = list_examinations(people, volumes=volumes, pixel_scale=pixel_scale)
    darkroom = Darkroom(examinations, workers=workers, on_rendered=on_rendered)
    return write_cohort(out, build_content(people, examinations, darkroom, seed=seed), force=force)


def list_examinations(people: Sequence[Patient], *, volumes: int, pixel_scale: int) -> list[Examination]:
    """Every film of those who have one, and CT and MR of the first ``volumes`` patients."""
    films = [FilmExamination(p, pixel_scale=pixel_scale) for p in people if Modality.FILM in p.present]
    scans = [VolumeExamination(patient, kind) for patient in people[:volumes] for kind in SeriesModality]
    return [*films, *scans]


def build_content(
    people: Sequence[Patient], examinations: Sequence[Examination], darkroom: Darkroom, *, seed: int
) -> CohortContent:
    """Everything that the writer needs; images are rendered when it asks for them."""
    truths = [draw_truth(patient) for patient in people]
    notes = written_notes(people)
    splits = split_table(people)
    rows = [row for examination in examinations for row in examination.rows]
    images = pl.DataFrame(
        [(row.subject_id, row.time, row.path, row.modality, row.view) for row in rows],
        schema={
            "subject_id": pl.Int64,
            "time": pl.Datetime("us"),
            "path": pl.String,
            "modality": pl.String,
            "view": pl.String,
        },
        orient="row",
    )
    return CohortContent(
        record=_record(seed, people),
        events=event_table(people, notes),
        codes=code_descriptions(),
        splits=splits,
        labels=label_tables(people, truths),
        images=images,
        image_files=darkroom.images,
        companions=companions(people, truths, notes, splits, examinations, darkroom),
    )


def split_table(people: Sequence[Patient]) -> pl.DataFrame:
    """subject_id, split: 70 / 15 / 15 within every site by order of arrival; the external site is held out whole."""
    arrived: Counter[str] = Counter()
    rows = []
    for patient in people:
        site = patient.site.name
        block, place = divmod(arrived[site], len(_SPLIT_CYCLE))
        arrived[site] += 1
        # Shuffled anew for every 20 arrivals, so that the split does not follow from the order.
        order = numpy_generator(patient.seed, "phantom", "split", site, block).permutation(len(_SPLIT_CYCLE))
        split = "held_out" if site == EXTERNAL_SITE else _SPLIT_CYCLE[int(order[place])]
        rows.append((patient.subject_id, split))
    return pl.DataFrame(rows, schema={"subject_id": pl.Int64, "split": pl.String}, orient="row")


def label_tables(people: Sequence[Patient], truths: Sequence[Truth]) -> dict[str, dict[str, pl.DataFrame]]:
    """Labels of every task and column."""

    def table(values: Sequence[Any]) -> pl.DataFrame:
        subjects = [patient.subject_id for patient in people]
        times = [patient.prediction_time for patient in people]
        return pl.DataFrame({"subject_id": subjects, "prediction_time": times, "value": list(values)})

    return {
        "diagnosis": {name: table([truth.diagnoses[name] for truth in truths]) for name in DIAGNOSES},
        "mortality": {"value": table([truth.mortality for truth in truths])},
        "phenotype": {"value": table([truth.phenotype for truth in truths])},
        "length_of_stay": {"value": table([truth.stay_days for truth in truths])},
        "time_to_death": {
            "time": table([truth.time_days for truth in truths]),
            "event": table([truth.died for truth in truths]),
        },
    }


def _record(seed: int, people: Sequence[Patient]) -> CohortRecord:
    return CohortRecord(
        name="phantom",
        provenance=Provenance(
            source="simulation by monai_app.phantom",
            source_version=VERSION,
            licence="Apache-2.0",
            terms="No patient is behind these data. Not for diagnosis.",
            changes=(
                f"seed {seed}, {len(people)} patients",
                f"site {EXTERNAL_SITE} is external: all its patients are held out",
            ),
            never_inputs=("latents.parquet", "quality.parquet", "note_statuses.parquet", "masks", "bayes.json"),
        ),
        modalities=ModalitySpec.read(resource("configs", "cohorts", "phantom.yaml")),
        tasks=TASKS,
        groups={"sex": "GENDER", "age_years": "AGE", "site": "SITE"},
    )
