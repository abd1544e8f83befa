"""A whole synthetic cohort: records drawn, images drawn for them, compared with the patients, and written."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from monai_app.cohort.spec import CohortRecord
from monai_app.cohort.store import Cohort
from monai_app.cohort.writer import CohortContent, write_cohort
from monai_app.core.atomic import refuse_existing
from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.engines.generation.synthetic_films import Draw, DrawnFilms, film_content
from monai_app.engines.generation.synthetic_report import copy_report, synthetic_record
from monai_app.generate.privacy.budget import Budget
from monai_app.generate.synthetic import content
from monai_app.generate.synthetic.columns import cohort_columns, targets
from monai_app.generate.synthetic.copula import Copula
from monai_app.generate.synthetic.datasheet import as_markdown, datasheet, guarantee
from monai_app.generate.synthetic.gate import Detail, refuse_uncovered
from monai_app.generate.synthetic.marginal import Floats
from monai_app.generate.synthetic.notes import NoteFields
from monai_app.generate.synthetic.source import Source, binary_labels, read_source
from monai_app.generate.synthetic.stated import stated_records
from monai_app.generate.synthetic.targets import Target, meet


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        patients: records to write.
        seed: of everything.
        prevalence: stated share by label.
        subgroup: stated share by ``field=category``.
        detail: of the records.
        budget: epsilon and delta that what is written may spend; None sets none.
        held_out_split: real patients that were not trained on, for the copy tests.
    """

    patients: int
    seed: int = 0
    prevalence: Mapping[str, float] = field(default_factory=dict)
    subgroup: Mapping[str, float] = field(default_factory=dict)
    detail: Detail = Detail.FITTED
    budget: Budget | None = None
    held_out_split: str = "tuning"


@dataclass(frozen=True)
class Drawn:
    """Records and what they were drawn from; the model is None for stated ones."""

    written: content.Written
    targets: list[Target]
    source: Source | None
    model: Copula | None
    note_terms: tuple[str, ...]


def synthesize(
    cohort_dir: str | Path,
    out: str | Path,
    request: Request,
    *,
    draw: Draw | None = None,
    force: bool = False,
    on_stage: Callable[[str], Any] = lambda stage: None,
) -> dict[str, Any]:
    """Write a synthetic cohort with its datasheet and privacy report and return what was written.

    Args:
        cohort_dir: whose train split is imitated, the one that the image model was trained on.
        draw: draws films; None writes none.

    Raises:
        InputRejected: ``PATIENTS_INVALID``; of the gate, the targets, the cohort, the image model and the copy test.
    """
    refuse_existing(out, force=force)
    if request.patients < 1:
        raise InputRejected("PATIENTS_INVALID", "no records are asked for", got=request.patients, expected="at least 1")
    cohort = Cohort(cohort_dir)
    if request.budget is not None:
        request.budget.checked(max(cohort.splits().filter(split="train").height, 1))
    films = draw is not None and cohort.record.modalities.film is not None
    if draw is not None and films and request.budget is not None:
        refuse_uncovered(request.budget, request.detail, draw.statements, draw.unnoised)
    else:
        refuse_uncovered(request.budget, request.detail)
    on_stage("drawing records")
    drawn = _drawn(cohort, request)
    keys = {drawn.written.columns.keys[target.column] for target in drawn.targets}
    record = synthetic_record(cohort.record, films=films, stated=keys if drawn.source is None else None)
    whole = _content(drawn.written, record, cohort, request.seed)
    images = None
    if films and draw is not None:
        on_stage("drawing films")
        images = _images(whole, drawn.written, draw, request.seed)
        film_content(whole, drawn.written, images, draw.generator)
    on_stage("comparing with the patients")
    report = copy_report(cohort, drawn if request.budget is None else None, images, request)
    sheet = _sheet(cohort.record, drawn, request, None if not films or draw is None else draw.generator)
    whole.companions = {
        "datasheet.json": _json(sheet),
        "DATASHEET.md": as_markdown(sheet).encode(),
        "privacy_report.json": _json(report),
    }
    on_stage("writing")
    write_cohort(out, whole, force=force)
    counted = {"records": len(drawn.written.subjects), "films": 0 if images is None else len(images.films)}
    return {"cohort": str(out), **counted, "reached": sheet["reached"], "privacy_passed": report["passed"]}


def _drawn(cohort: Cohort, request: Request) -> Drawn:
    """Records that meet the request."""
    taken = cohort.splits()["subject_id"].to_list()
    subjects = content.free_subjects(request.patients, taken)
    generator = numpy_generator("synthetic", request.seed, "records")
    if request.detail is Detail.STATED:
        columns = cohort_columns(cohort.record, {})
        wanted = targets(columns, cohort.record, request.prevalence, request.subgroup)
        values = meet(partial(_stated, columns, wanted, generator), wanted, request.patients, generator)
        hour = np.ones(2)
        written = content.Written(columns, values, subjects, (), hour, hour, _no_note, request.seed)
        return Drawn(written, wanted, None, None, ())
    source = read_source(cohort, "train")
    model = Copula.fit(source.table())
    wanted = targets(source.columns, cohort.record, request.prevalence, request.subgroup)
    values = meet(lambda count: model.draw(count, generator), wanted, request.patients, generator)
    have = [place for place, note in enumerate(source.notes) if note]
    candidates = binary_labels(source.columns, source.values)
    notes = NoteFields.fit([source.notes[place] for place in have], source.values[have], candidates)
    written = content.Written(
        source.columns,
        values,
        subjects,
        source.habits,
        source.film_ages,
        source.note_ages,
        notes.write,
        request.seed,
    )
    return Drawn(written, wanted, source, model, notes.terms)


def _stated(columns: Any, wanted: list[Target], generator: np.random.Generator, count: int) -> Floats:
    return stated_records(columns, wanted, count, generator)


def _no_note(record: Floats, generator: np.random.Generator) -> str:
    return ""


def _content(written: content.Written, record: CohortRecord, cohort: Cohort, seed: int) -> CohortContent:
    return CohortContent(
        record=record,
        events=content.events(written, record),
        codes=cohort.codes(),
        splits=content.splits(written.subjects, seed),
        labels=content.labels(written, record),
    )


def _images(whole: CohortContent, written: content.Written, draw: Draw, seed: int) -> DrawnFilms:
    """A film of each record that has one."""
    chosen = [subject for number, subject in enumerate(written.subjects) if content.has_film(written, number)]
    if not chosen:
        return DrawnFilms((), np.zeros((0, 1, 1), np.float32))
    with tempfile.TemporaryDirectory() as folder:
        return draw.films(_records_of(whole, chosen, Path(folder) / "records"), seed)


def _records_of(whole: CohortContent, chosen: list[int], folder: Path) -> Path:
    """Some records as a cohort without films, for the image model to read."""
    kept = {
        task: {name: frame.filter(_among(frame, chosen)) for name, frame in columns.items()}
        for task, columns in whole.labels.items()
    }
    splits, events = (frame.filter(_among(frame, chosen)) for frame in (whole.splits, whole.events))
    write_cohort(folder, CohortContent(whole.record, events, whole.codes, splits, kept))
    return folder


def _among(frame: Any, subjects: list[int]) -> Any:
    return frame["subject_id"].is_in(subjects)


def _sheet(record: CohortRecord, drawn: Drawn, request: Request, generator: Any) -> dict[str, Any]:
    reached = {}
    for name, target in zip([*request.prevalence, *request.subgroup], drawn.targets, strict=True):
        column = drawn.written.values[:, target.column]
        reached[name] = float(np.mean(column[np.isfinite(column)]))
    budget = None if request.budget is None else (request.budget.epsilon, request.budget.delta)
    return datasheet(
        source=record.name,
        detail=request.detail.value,
        records=len(drawn.written.subjects),
        seed=request.seed,
        prevalence=request.prevalence,
        subgroup=request.subgroup,
        reached=reached,
        note_terms=drawn.note_terms,
        image_model=None if generator is None else vars(generator),
        privacy=guarantee(budget, request.detail.value),
        terms=" ".join(filter(None, (record.provenance.licence, record.provenance.terms))),
    )


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, allow_nan=False) + "\n").encode()
