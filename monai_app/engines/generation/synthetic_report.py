"""The record of a synthetic cohort, and its privacy report: are records or films copies of patients?"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from monai_app.cohort.spec import CohortRecord, ModalitySpec, Provenance
from monai_app.cohort.store import Cohort
from monai_app.engines.generation.synthetic_films import DrawnFilms
from monai_app.generate.privacy.aligned import Aligned
from monai_app.generate.privacy.copies import copy_test
from monai_app.generate.privacy.film_files import film_paths, one_film_a_patient, read_films
from monai_app.generate.privacy.spaces import Scaled, rows
from monai_app.generate.synthetic.columns import label_keys
from monai_app.generate.synthetic.marginal import Floats
from monai_app.generate.synthetic.source import read_source

if TYPE_CHECKING:
    from monai_app.engines.generation.synthesis import Drawn, Request

_PLANTED = 20
NOT_RUN = "not run: it would publish figures of the train patients without noise, which the budget does not cover"


def synthetic_record(source: CohortRecord, *, films: bool, stated: Collection[str] | None) -> CohortRecord:
    """cohort.json of a synthetic cohort.

    Args:
        films: whether it has films.
        stated: keys of the stated columns, for records that hold nothing else; None for fitted ones.
    """
    modalities = {name: getattr(source.modalities, name) for name in ("film", "series", "table", "note")}
    tasks, groups = source.tasks, source.groups
    film = source.modalities.film
    if film is not None:
        anything = {"modalities": tuple(dict.fromkeys((*film.modalities, "CR"))), "views": ()}
        modalities["film"] = film.model_copy(update=anything) if films else None
    if stated is not None:
        modalities |= {"series": None, "note": None}
        tasks = tuple(task for task in tasks if any(f"labels/{key}" in stated for key in label_keys(task)))
        fields = () if source.modalities.table is None else source.modalities.table.fields
        codes = {code for field in fields for code in field.codes if field.kind == "categorical"}
        groups = {name: code for name, code in groups.items() if code in codes}
    return CohortRecord(
        name=f"{source.name}_synthetic",
        provenance=Provenance(
            source=f"synthetic records after the cohort {source.name}",
            source_version=source.provenance.source_version,
            licence=source.provenance.licence,
            terms=f"SYNTHETIC. Not for diagnosis. Terms of the source: {source.provenance.terms}",
            attribution=source.provenance.attribution,
            changes=("every record, note and image was drawn by a model; see datasheet.json",),
        ),
        modalities=ModalitySpec(**modalities),
        tasks=tasks,
        groups=groups,
    )


def copy_report(cohort: Cohort, drawn: Drawn | None, images: DrawnFilms | None, request: Request) -> dict[str, Any]:
    """Copy tests of records and of films against train, with planted copies that must be found.

    ``passed`` is null where nothing could be compared.

    Args:
        drawn: None where a budget forbids the comparison.
        images: None without films.

    Raises:
        InputRejected: ``HELD_OUT_TOO_FEW``, ``NO_FILMS``.
    """
    told: dict[str, Any] = {"format": "monai-app-synthetic-privacy-1", "held_out_split": request.held_out_split}
    if drawn is None:
        return {**told, "records": NOT_RUN, "films": NOT_RUN, "passed": None}
    passed: list[bool] = []
    if drawn.model is not None and drawn.source is not None:
        held_out = read_source(cohort, request.held_out_split, drawn.source.columns)
        sets = [drawn.source.values, drawn.written.values, held_out.values]
        train, generated, others = (_as_rows(drawn.model.unit(values)) for values in sets)
        plant = min(_PLANTED, len(train))
        result = copy_test(train, generated, others, Scaled(rows), plant=plant, seed=request.seed)
        told["records"] = {name: value for name, value in result.as_dict().items() if name != "altered_found"}
        passed.append(result.passed)
    if images is not None and len(images.films):
        size = images.films.shape[-1]
        train_paths, _ = film_paths(cohort.path, "train")
        known = read_films(train_paths, size)
        real = read_films(one_film_a_patient(*film_paths(cohort.path, request.held_out_split)), size)
        plant = min(_PLANTED, len(known))
        films = copy_test(known, images.films, real, Aligned(), plant=plant, seed=request.seed)
        told["films"] = {"embedding": "aligned", **films.as_dict()}
        passed.append(films.passed)
    return {**told, "passed": all(passed) if passed else None}


def _as_rows(unit: Floats) -> NDArray[np.float32]:
    """Records (N, D) in the shape of films (N, 1, D)."""
    return unit[:, None, :].astype(np.float32)
