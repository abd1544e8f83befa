"""Training every system on every seed through the bundle; what is trained already is kept, what was cut off goes on."""

from __future__ import annotations

import logging
import multiprocessing
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from monai_app.benchmark.profiles import NETWORK, TRAINING, TREES, Profile
from monai_app.benchmark.systems import System
from monai_app.core.atomic import content_hash, sha256_file, write_json
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.core.logging import configure_logging
from monai_app.engines.bundle import Workflow, config_files, find_bundle, known_settings, open_workflow, run_workflow

_RECORD_NAME = "trained.json"


@dataclass(frozen=True)
class Run:
    """One system trained on one seed.

    Attributes:
        folder: of the model.
        settings: overrides of the bundle's configuration.
    """

    bundle: str
    system: System
    seed: int
    folder: Path
    settings: Mapping[str, Any]

    @property
    def overlays(self) -> list[str]:
        """The bundle's overlays."""
        return [f"fusion_{self.system.overlay}"]


def planned_runs(
    bundle: str,
    cohorts: Sequence[str | Path],
    out: str | Path,
    *,
    systems: Sequence[System],
    profile: Profile,
    tasks: Sequence[str],
    settings: Mapping[str, Any],
) -> list[Run]:
    """A run a system and seed; of the settings each gets those that its configuration knows.

    Args:
        cohorts: that of each seed: the same one, or a fold each.

    Raises:
        InputRejected: ``SETTING_UNKNOWN`` for one of ``settings`` that no system's training knows.
    """
    _refuse_unknown(find_bundle(bundle), systems, settings)
    runs = []
    for system in systems:
        shared = {**NETWORK[profile], **(TREES if system.trees else TRAINING)[profile], **system.settings, **settings}
        for seed, cohort_dir in enumerate(cohorts):
            folder = Path(out) / "models" / system.name / f"seed{seed}"
            own = {"cohort_dir": str(cohort_dir), "output_dir": str(folder), "tasks": list(tasks), "seed": seed}
            own |= {"cache_dir": str(Path(out) / "cache")}
            runs.append(Run(bundle, system, seed, folder, {**shared, **own}))
    return runs


def train_all(runs: Sequence[Run], *, jobs: int, on_done: Callable[[Run], None] = lambda _: None) -> None:
    """Train what is not trained yet, in ``jobs`` processes of one thread each.

    Raises:
        InputRejected: ``BENCHMARK_CHANGED`` when a folder holds a training of other settings; those of the bundle.
    """
    waiting = []
    for run in runs:
        if not _is_trained(run):
            waiting.append(run)
        else:
            on_done(run)
    if jobs == 1:
        for run in waiting:
            train_one(run)
            on_done(run)
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        futures = {pool.submit(train_one, run): run for run in waiting}
        try:
            for future in as_completed(futures):
                future.result()
                on_done(futures[future])
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def train_one(run: Run) -> None:
    """Train one system on one seed and record how long it took, over all interruptions but the time cut off."""
    folder = find_bundle(run.bundle)
    known = known_settings(folder, Workflow.TRAIN, run.overlays)
    chosen = {key: value for key, value in run.settings.items() if key.split("::")[0] in known}
    configure_logging()
    logging.disable(logging.INFO)  # a hundred trainings would fill the terminal; each keeps its own train_log.jsonl
    started = time.monotonic()
    try:
        run_workflow(open_workflow(folder, Workflow.TRAIN, overlays=run.overlays, settings=chosen))
    finally:
        logging.disable(logging.NOTSET)
    seconds = time.monotonic() - started
    write_json(run.folder / _RECORD_NAME, {"settings": _digest(run), "training_seconds": seconds})


def training_seconds(run: Run) -> float:
    """Wall-clock seconds of the training."""
    return float(read_json(run.folder / _RECORD_NAME)["training_seconds"])


def _refuse_unknown(bundle: Path, systems: Sequence[System], settings: Mapping[str, Any]) -> None:
    """A setting that is dropped everywhere would change nothing, and nobody would know."""
    known = set().union(*(known_settings(bundle, Workflow.TRAIN, [f"fusion_{s.overlay}"]) for s in systems))
    unknown = [key for key in settings if key.split("::")[0] not in known]
    if unknown:
        raise InputRejected(
            "SETTING_UNKNOWN",
            "a setting belongs to no system's training",
            got=", ".join(unknown),
            expected="ids of the bundle's configuration, their parts joined by ::",
            remedy="Check --set.",
        )


def _is_trained(run: Run) -> bool:
    path = run.folder / _RECORD_NAME
    if not path.is_file():
        return False
    if read_json(path)["settings"] != _digest(run):
        raise InputRejected(
            "BENCHMARK_CHANGED",
            f"{run.system.name}, seed {run.seed}, was trained with other settings",
            expected="the settings of the first run",
            remedy="Choose another --out, or repeat the first command.",
        )
    return True


def _digest(run: Run) -> str:
    """Of everything that decides the weights but the program itself; folders do not."""
    kept = {key: value for key, value in run.settings.items() if key not in ("output_dir", "cache_dir", "cohort_dir")}
    cohort = read_json(Path(run.settings["cohort_dir"]) / "cohort.json")
    files = [sha256_file(file) for file in config_files(find_bundle(run.bundle), Workflow.TRAIN, run.overlays)]
    return content_hash({"configuration": files, "settings": kept, "cohort": cohort})
