"""The fusion benchmark from a cohort to results.parquet and report.html; a killed one goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import torch

from monai_app.benchmark.claims import Claim, judged_claims
from monai_app.benchmark.compare import summary
from monai_app.benchmark.conditions import all_conditions
from monai_app.benchmark.judging import Judge, judge_all
from monai_app.benchmark.models import TrainedSystem
from monai_app.benchmark.profiles import SEVERITIES, Profile
from monai_app.benchmark.report import BenchmarkFacts, benchmark_page
from monai_app.benchmark.resampling import bootstrapped
from monai_app.benchmark.systems import System
from monai_app.benchmark.training import planned_runs, train_all
from monai_app.cohort.folds import fold_splits, site_splits, write_resplit
from monai_app.cohort.normalisation import fit_statistics
from monai_app.cohort.spec import TaskKind
from monai_app.cohort.store import Cohort
from monai_app.core.atomic import content_hash, write_json
from monai_app.core.errors import InputRejected
from monai_app.core.tables import write_csv, write_parquet
from monai_app.engines.build import model_items
from monai_app.engines.predictions import Predictions

REFERENCE = "early"
JUDGED_KINDS = (TaskKind.BINARY, TaskKind.MULTILABEL, TaskKind.MULTICLASS)


def benchmark_fusion(
    bundle: str,
    cohort_dir: str | Path,
    out: str | Path,
    *,
    systems: Sequence[System],
    seeds: int = 5,
    profile: Profile = Profile.SMALL,
    tasks: Sequence[str] | None = None,
    settings: Mapping[str, Any] | None = None,
    folds: bool = False,
    held_out_site: str | None = None,
    jobs: int = 1,
    resamples: int = 1000,
    on_stage: Callable[[str], None] = lambda _: None,
) -> list[Claim]:
    """Train every system on every seed, judge them under every condition, and write what was found.

    Args:
        tasks: classification tasks; None takes all of the cohort's.
        settings: further overrides of the bundle's configuration, for all systems.
        folds: seed k trains on and is judged by fold k of ``seeds`` patient-grouped folds: for cohorts whose held-out
            split is too small to tell anything. Folds are dealt by the first binary task.
        held_out_site: whose patients are all held out, beside the cohort's own; not with folds.
        jobs: trainings at once, one thread each.
        resamples: of patients for the intervals.
        on_stage: told in words what begins or ended.

    Returns:
        The claims about DRAF beside what was measured; empty without DRAF and early fusion.

    Raises:
        InputRejected: of :func:`judged_tasks`, :func:`fold_cohorts`, :func:`planned_runs`, :func:`train_all`.
    """
    folder, cohort = Path(out), Cohort(cohort_dir)
    names = judged_tasks(cohort, tasks)
    site = [site_cohort(cohort, held_out_site, folder) if held_out_site else Path(cohort_dir)]
    cohorts = fold_cohorts(cohort, names, seeds, folder) if folds else site * seeds
    runs = planned_runs(bundle, cohorts, folder, systems=systems, profile=profile, tasks=names, settings=settings or {})
    train_all(runs, jobs=jobs, on_done=lambda run: on_stage(f"trained {run.system.name}, seed {run.seed}"))
    on_stage(f"opening {len(runs)} models")
    opened = [TrainedSystem(run) for run in runs]
    spec = opened[0].spec
    judge = Judge(opened, folder / "judged", cache_dir=str(folder / "cache"))
    statistics = fit_statistics(model_items(cohorts[0], "train", spec), spec)
    conditions = all_conditions(spec, statistics, SEVERITIES[profile])
    results, weights = judge_all(judge, conditions, lambda condition: on_stage(f"judged {condition.slug}"))
    on_stage("resampling patients")
    facts = BenchmarkFacts(
        cohort=cohort.record.name,
        systems=systems,
        seeds=seeds,
        profile=profile,
        tasks=names,
        folds=folds,
        held_out=sum(len(opened[seed].items) for seed in range(seeds if folds else 1)),
        threads=torch.get_num_threads(),
    )
    return _write_findings(folder, facts, results, weights, judge.clean_predictions(), resamples=resamples)


def _write_findings(
    folder: Path,
    facts: BenchmarkFacts,
    results: pl.DataFrame,
    weights: pl.DataFrame,
    predictions: Mapping[tuple[str, int], Predictions],
    *,
    resamples: int,
) -> list[Claim]:
    """Write tables, claims and report."""
    write_parquet(folder / "results.parquet", results)
    write_parquet(folder / "weights.parquet", weights)
    write_csv(folder / "summary.csv", summary(results))
    intervals = {
        metric: bootstrapped(predictions, metric, reference=REFERENCE, resamples=resamples)
        for metric in ("auroc", "auprc", "ece")
    }
    claims = judged_claims(results, weights)
    benchmark_page(facts, results, weights, intervals, claims).write(folder / "report.html")
    write_json(folder / "claims.json", [vars(claim) for claim in claims])
    return claims


def fold_cohorts(cohort: Cohort, tasks: Sequence[str], folds: int, out: Path) -> list[Path]:
    """A cohort directory a fold, split by patient and stratified by the first binary task.

    Raises:
        InputRejected: ``NO_TASKS`` without a binary task; those of :func:`monai_app.cohort.folds.fold_splits`.
    """
    binary = [task.name for task in cohort.model_spec(list(tasks), None).tasks if task.kind is TaskKind.BINARY]
    if not binary:
        raise InputRejected("NO_TASKS", "folds are stratified by a binary task", got="none", expected="one")
    dealt = content_hash([cohort.record.sha256, binary[0], folds])[:12]
    places = [out / "folds" / dealt / f"fold{fold}" for fold in range(folds)]
    for split, place in zip(fold_splits(cohort, task=binary[0], folds=folds, seed=0), places, strict=True):
        if not place.exists():
            write_resplit(cohort, split, place)
    return places


def site_cohort(cohort: Cohort, site: str, out: Path) -> Path:
    """A cohort directory in which a whole site is held out.

    Raises:
        InputRejected: ``SITE_UNKNOWN``.
    """
    place = out / "held_out_site" / content_hash([cohort.record.sha256, site])[:12]
    if not place.exists():
        write_resplit(cohort, site_splits(cohort, site), place)
    return place


def judged_tasks(cohort: Cohort, names: Sequence[str] | None) -> list[str]:
    """The classification tasks to learn and judge.

    Raises:
        InputRejected: ``NO_TASKS`` when there is none; ``TASK_UNKNOWN``.
    """
    spec = cohort.model_spec(None if names is None else list(names), None)
    found = [task.name for task in spec.tasks if task.kind in JUDGED_KINDS]
    if not found or (names is not None and len(found) < len(names)):
        raise InputRejected(
            "NO_TASKS",
            "the benchmark judges classification tasks",
            got=", ".join(names or ()) or "none in the cohort",
            expected="binary, multilabel or multiclass tasks",
            remedy="Name such tasks with --task.",
        )
    return found
