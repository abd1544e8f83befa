"""Real and synthetic samples in one training: which rows there are, and how often each is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from monai_app.cohort.spec import ModelSpec, TaskKind
from monai_app.cohort.store import Cohort
from monai_app.core.errors import InputRejected
from monai_app.core.random import numpy_generator
from monai_app.engines.build import cohort_spec, film_size_px, model_items

SYNTHETIC = "synthetic"
"""Key of an item: whether it was drawn by a model."""

Items = list[Mapping[str, Any]]


def mixed_items(
    cohort_dir: str | Path,
    synthetic_dir: str | Path,
    spec: ModelSpec,
    *,
    share: float,
    patients: int | None = None,
    label: str | None = None,
    positives: int | None = None,
    seed: int = 0,
) -> Items:
    """The train samples of a cohort, then all samples of a synthetic one, whatever split it puts them in.

    Args:
        share: of synthetic samples among those drawn (:func:`mixed_weights`): 0 leaves them out, 1 the real ones.
        patients: real ones to take; None takes all of the train split.
        label: that is made rare: a yes-or-no task, or a class of a multilabel one.
        positives: real patients with the label to leave in; None leaves all.
        seed: of which patients these are.

    Raises:
        InputRejected: ``SYNTHETIC_MISFIT``, ``SUBJECTS_SHARED``, ``REAL_TOO_FEW``, ``LABEL_UNKNOWN``; of the cohorts.
    """
    check_synthetic(cohort_dir, synthetic_dir, spec)
    real = model_items(cohort_dir, "train", spec) if share < 1 else []
    if real and positives is not None:
        real = _thinned(real, _label_column(spec, label), positives, seed)
    if real and patients is not None:
        real = _chosen(real, patients, "real patients", seed)
    made = model_items(synthetic_dir, None, _own_spec(synthetic_dir, spec)) if share > 0 else []
    return [{**item, SYNTHETIC: drawn} for part, drawn in ((real, False), (made, True)) for item in part]


def mixed_weights(items: Sequence[Mapping[str, Any]], share: float) -> list[float]:
    """Weights of rows so that a row drawn is synthetic with probability ``share``.

    Args:
        items: of :func:`mixed_items`.
    """
    made = sum(bool(item[SYNTHETIC]) for item in items)
    of_made, of_real = share / max(made, 1), (1 - share) / max(len(items) - made, 1)
    return [of_made if item[SYNTHETIC] else of_real for item in items]


def check_synthetic(cohort_dir: str | Path, synthetic_dir: str | Path, spec: ModelSpec) -> None:
    """Refuse a cohort that cannot stand beside the real one: other tasks or modalities, or patients of it.

    A cohort with the same patients would carry held-out films into the training.

    Raises:
        InputRejected: ``SYNTHETIC_MISFIT``, ``SUBJECTS_SHARED``.
    """
    real, made = Cohort(cohort_dir), Cohort(synthetic_dir)
    missing = [task.name for task in spec.tasks if made.tasks.get(task.name) != task]
    missing += [name.value for name in spec.modalities.names if name not in made.record.modalities.names]
    if missing:
        raise InputRejected(
            "SYNTHETIC_MISFIT",
            "the synthetic cohort has not what the model learns from",
            got="missing or other: " + ", ".join(missing),
            expected="the tasks and modalities of the real cohort",
            remedy="Make it with `monai-app synthesize` from this cohort, with films.",
        )
    shared = set(real.splits()["subject_id"]) & set(made.splits()["subject_id"])
    if shared:
        raise InputRejected(
            "SUBJECTS_SHARED",
            "the two cohorts have patients of the same number",
            got=f"{len(shared)} patients",
            expected="a synthetic cohort: none of its patients is in the real one",
            remedy="Give --synthetic a cohort that `monai-app synthesize` wrote.",
        )


def _own_spec(synthetic_dir: str | Path, spec: ModelSpec) -> ModelSpec:
    """The model's spec with the film rules of the synthetic cohort, whose films have no view."""
    names = [name.value for name in spec.modalities.names]
    tasks = [task.name for task in spec.tasks]
    return cohort_spec(synthetic_dir, tasks, names, film_size_px=film_size_px(spec) or None)


def _thinned(items: Items, column: tuple[str, int], positives: int, seed: int) -> Items:
    """The items without most of the patients that have a label."""
    key, place = column
    have = [item for item in items if item[key][place] == 1]
    kept = {id(item) for item in _chosen(have, positives, "real positives", seed)}
    return [item for item in items if item[key][place] != 1 or id(item) in kept]


def _label_column(spec: ModelSpec, label: str | None) -> tuple[str, int]:
    """Key of an item and place in its array of a yes-or-no label."""
    known = {task.name: (f"label_{task.name}", 0) for task in spec.tasks if task.kind is TaskKind.BINARY}
    for task in spec.tasks:
        if task.kind is TaskKind.MULTILABEL:
            known |= {name: (f"label_{task.name}", place) for place, name in enumerate(task.classes)}
    if label not in known:
        raise InputRejected(
            "LABEL_UNKNOWN",
            "no such label can be made rare",
            got=label,
            expected=", ".join(known) or "a yes-or-no label",
            remedy="Check --label and --task.",
        )
    return known[label]


def _chosen(items: Items, patients: int, what: str, seed: int) -> Items:
    """The items of so many patients."""
    subjects = np.unique([int(item["subject_id"]) for item in items])
    if not 0 < patients <= len(subjects):
        raise InputRejected(
            "REAL_TOO_FEW",
            "there are not so many real patients to train on",
            got=patients,
            expected=f"1 to {len(subjects)} {what}",
            remedy="Check --real-patients and --real-positives.",
        )
    kept = set(numpy_generator(what, seed).permutation(subjects)[:patients].tolist())
    return [item for item in items if int(item["subject_id"]) in kept]
