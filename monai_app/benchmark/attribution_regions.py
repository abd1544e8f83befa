"""Does relevance lie in a region known on real films, of which nothing else is known, neither finding nor cause?

The same maps and scores as for findings, on every film that has a mask, whatever the film shows. A blob in the middle
of the film and the same network with random weights stand beside them: lungs are large, and a map that has learned
nothing reaches their area. Whether a model *should* look into the region for a label is for the reader to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from monai_app.benchmark.attribution_cases import Chosen, Plan, map_rows, visible_region
from monai_app.benchmark.attribution_models import HELD_OUT, HeldOutModel, ModelPlace, model_places, open_model
from monai_app.benchmark.attribution_region_page import RegionFacts, region_page
from monai_app.benchmark.attribution_shares import modality_worth
from monai_app.benchmark.attribution_summary import case_means, case_table, result_table
from monai_app.benchmark.attribution_truth import LabelTruth
from monai_app.cohort.film_masks import MASK_LABELS, MASKS_TABLE
from monai_app.cohort.store import Cohort
from monai_app.core.atomic import content_hash, sha256_file, write_json
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.core.tables import write_csv, write_parquet
from monai_app.engines.data import SampleDataset
from monai_app.engines.film_mean import mean_film
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.explain.methods import find_methods
from monai_app.explain.stability import randomised
from monai_app.explain.target import find_target, known_targets

CASES, RESULTS, RECORD, REPORT = "cases.parquet", "results.parquet", "attribution.json", "report.html"
RANDOM = "random weights"
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class RegionQuestion:
    """What is asked of every model.

    Attributes:
        region: of mask_labels.json; several joined by ``+`` are taken together.
        labels: names; none takes all of the model.
        all_splits: every film with a mask, which is fair only to a model that was trained on another cohort.
        plan: methods; ``cases`` is the number of films.
    """

    region: str
    labels: tuple[str, ...]
    all_splits: bool
    plan: Plan


def benchmark_regions(
    bundle: str,
    cohort_dir: str | Path,
    out: str | Path,
    *,
    region: str,
    labels: Sequence[str] = (),
    all_splits: bool = False,
    models: Sequence[str] = (),
    system: str | None = None,
    methods: Sequence[str] = ("all",),
    cases: int = 12,
    faithful: int = 2,
    settings: Mapping[str, Any] | None = None,
    resamples: int = 1000,
    on_stage: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Map the films of a cohort that have a mask, and hold the maps against one region.

    Args:
        region, labels, all_splits: see :class:`RegionQuestion`.
        models, system, methods, settings, resamples: as of
            :func:`monai_app.benchmark.attribution_run.benchmark_attribution`.
        cases: films, the first that have a mask.
        faithful: of these, whose maps are also tested by removing what they mark.

    Returns:
        The record, as attribution.json has it.

    Raises:
        InputRejected: ``NO_MASKS``, ``REGION_UNKNOWN``, ``LABEL_UNKNOWN``, ``EXPLAIN_UNSUPPORTED``, ``MODEL_NAME``,
            ``METHOD_UNKNOWN``; those of the bundle and its weights.
    """
    folder = Path(out)
    plan = Plan(cases, tuple(find_methods(list(methods))), faithful, films_only=True)
    question = RegionQuestion(region, tuple(labels), all_splits, plan)
    done = [
        _measured(bundle, cohort_dir, folder, place, question, settings or {}, on_stage)
        for place in model_places(models, bundle, system)
    ]
    on_stage("resampling patients")
    cases_of_all = pl.concat([pl.read_parquet(place / CASES) for place in done])
    results = result_table(case_means(cases_of_all, resamples=resamples))
    films = {record["name"]: record["films"] for record in map(read_json, (place / RECORD for place in done))}
    facts = RegionFacts(Cohort(cohort_dir).record.name, region, films, [method.value for method in plan.methods])
    write_parquet(folder / CASES, cases_of_all)
    write_parquet(folder / RESULTS, results)
    write_csv(folder / "results.csv", results)
    write_json(folder / RECORD, vars(facts))
    region_page(facts, results).write(folder / REPORT)
    return dict(vars(facts))


def _measured(
    bundle: str,
    cohort_dir: str | Path,
    out: Path,
    place: ModelPlace,
    question: RegionQuestion,
    settings: Mapping[str, Any],
    on_stage: Callable[[str], None],
) -> Path:
    """The folder with the maps' scores of one model, measured now or before."""
    split = None if question.all_splits else HELD_OUT
    model = open_model(bundle, cohort_dir, place, settings, split=split)
    weights = None if place.folder is None else sha256_file(place.folder / WEIGHTS_NAME)
    asked = [weights, question.region, question.labels, split, vars(question.plan), dict(settings)]
    folder = out / "models" / f"{place.name}-{content_hash(asked)[:12]}"
    if (folder / RECORD).is_file():
        on_stage(f"{place.name}: measured before")
        return folder
    names = question.labels or tuple(known_targets(model.spec))
    truths = [LabelTruth(find_target(model.spec, name), {}, {}, {}) for name in names]
    films = masked_films(model, cohort_dir, question.region, question.plan.cases)
    on_stage(f"{place.name}: {len(films)} films")
    mean = mean_film(SampleDataset(model.train, model.dataset.transform)) if model.train else None
    rows: list[dict[str, Any]] = []
    for name, network in ((place.name, model.network), (f"{place.name}, {RANDOM}", randomised(model.network))):
        asked_of = replace(model, network=network)
        tested = question.plan if network is model.network else replace(question.plan, faithful=0)
        found = map_rows(asked_of, truths, _chosen(asked_of, truths, films), mean, tested, _told(on_stage, name))
        rows += [{"model": name, **row} for row in found]
    write_parquet(folder / CASES, case_table(rows))
    write_json(folder / RECORD, {"name": place.name, "films": len(films), "weights": weights})
    return folder


def masked_films(model: HeldOutModel, cohort_dir: str | Path, region: str, count: int) -> dict[int, Bools]:
    """The region on the network's grid by row of the first films that have one; a film of two rows is taken once.

    Raises:
        InputRejected: ``EXPLAIN_UNSUPPORTED`` where no films are read, ``NO_MASKS``, ``REGION_UNKNOWN``.
    """
    if model.spec.modalities.film is None:
        raise InputRejected("EXPLAIN_UNSUPPORTED", "the model reads no films", expected="a model of films")
    found: dict[int, Bools] = {}
    seen: set[str] = set()
    for row, item in enumerate(model.items):
        if len(found) == count:
            break
        visible = None if item["film"] in seen else visible_region(cohort_dir, model, item, region)
        if visible is not None:
            found[row] = visible
            seen.add(item["film"])
    if not found:
        raise InputRejected(
            "NO_MASKS",
            "no film of these patients has a mask to hold its map against",
            expected=f"{MASKS_TABLE} and {MASK_LABELS} in the cohort, with masks of films",
            remedy="Leave --region out for a simulated cohort, or say --all-splits.",
        )
    return found


def _chosen(model: HeldOutModel, truths: Sequence[LabelTruth], films: Mapping[int, Bools]) -> dict[str, list[Chosen]]:
    """Every film for every label; called are those that the model gives more than even odds."""
    batches = (model.inputs([row]) for row in films)
    scores = modality_worth(model.network, batches, truths, np.zeros(len(truths))).scores[:, -1]
    return {
        truth.name: [
            Chosen(row, int(model.items[row]["subject_id"]), truth.target.shown(float(score)), score > 0, region)
            for (row, region), score in zip(films.items(), scores[:, column], strict=True)
        ]
        for column, truth in enumerate(truths)
    }


def _told(on_stage: Callable[[str], None], name: str) -> Callable[[str], None]:
    return lambda label: on_stage(f"{name}: mapped {label}")
