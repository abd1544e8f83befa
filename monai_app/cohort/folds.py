"""The same cohort with other splits: folds that hold each patient out once, or one whole site held out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
from sklearn.model_selection import StratifiedGroupKFold

from monai_app.cohort.labels import group_values
from monai_app.cohort.samples import sample_table, visible_events
from monai_app.cohort.spec import ModalitySpec
from monai_app.cohort.store import Cohort
from monai_app.core.atomic import atomic_directory, copy_file, sha256_file, write_json
from monai_app.core.errors import InputRejected
from monai_app.core.random import derive_seed
from monai_app.core.tables import write_parquet

_SPLITS = Path("metadata") / "subject_splits.parquet"


def fold_splits(cohort: Cohort, *, task: str, folds: int, seed: int) -> list[pl.DataFrame]:
    """Splits by patient, stratified by a binary task: fold k is held out, fold k + 1 tunes, the rest trains.

    Args:
        cohort: every labelled sample of it takes part, whatever its own split.
        task: the task to stratify by.
        folds: at least 3, so that train, tuning and held-out patients differ.
        seed: of the assignment.

    Raises:
        InputRejected: ``FOLDS_INVALID`` when there are fewer patients of a class than folds.
    """
    labels = cohort.labels(task)
    column = labels.columns[2]
    samples = sample_table(cohort, tasks=[task]).join(labels, on=["subject_id", "prediction_time"])
    samples = samples.filter(pl.col(column).is_not_null())
    subjects, label = samples["subject_id"].to_numpy(), samples[column].cast(pl.Int64, strict=False).to_numpy()
    rarest = min((len(set(subjects[label == value].tolist())) for value in set(label.tolist())), default=0)
    if folds < 3 or rarest < folds or len(set(label.tolist())) < 2:
        raise InputRejected(
            "FOLDS_INVALID",
            "the patients cannot be dealt into so many folds",
            got=f"{folds} folds, {rarest} patients of the rarer class",
            expected="at least 3 folds and as many patients of each class",
            remedy="Ask for fewer folds or another task.",
        )
    dealer = StratifiedGroupKFold(folds, shuffle=True, random_state=derive_seed(seed, "folds", task) % 2**32)
    fold_of = {
        int(subject): fold
        for fold, (_, rows) in enumerate(dealer.split(np.zeros(len(label)), label, subjects))
        for subject in subjects[rows]
    }
    return [_splits_of(fold_of, fold, folds) for fold in range(folds)]


def _splits_of(fold_of: dict[int, int], fold: int, folds: int) -> pl.DataFrame:
    names = {fold: "held_out", (fold + 1) % folds: "tuning"}
    rows = [(subject, names.get(own, "train")) for subject, own in sorted(fold_of.items())]
    return pl.DataFrame(rows, schema={"subject_id": pl.Int64, "split": pl.String}, orient="row")


def site_splits(cohort: Cohort, site: str) -> pl.DataFrame:
    """The cohort's own splits, but for the patients of one site, who are all held out: nothing of it is learned.

    Args:
        site: as the group ``site`` of the cohort says; a patient with any sample there is held out.

    Raises:
        InputRejected: ``SITE_UNKNOWN`` where no patient is from there, or nobody else is.
    """
    samples = sample_table(cohort)
    code = {name: value for name, value in cohort.record.groups.items() if name == "site"}
    sites = group_values(visible_events(cohort, samples), code, samples.height).get("site", [])
    there = samples.filter(pl.Series([str(value) == site for value in sites], dtype=pl.Boolean))["subject_id"].unique()
    if there.is_empty() or there.len() == samples["subject_id"].n_unique():
        raise InputRejected(
            "SITE_UNKNOWN",
            "the cohort has no such site to hold out, or no other one to learn from",
            expected="one of " + (", ".join(sorted({str(value) for value in sites})) or "no site is known"),
            remedy="Check the name of the site.",
        )
    own = pl.when(pl.col("subject_id").is_in(there.implode())).then(pl.lit("held_out")).otherwise(pl.col("split"))
    return cohort.splits().with_columns(own.alias("split")).sort("subject_id")


def write_resplit(
    cohort: Cohort, splits: pl.DataFrame, out: str | Path, *, modalities: ModalitySpec | None = None
) -> Cohort:
    """Write the cohort with other splits, and with other modalities if given; its images stay where they are.

    Raises:
        InputRejected: ``OUTPUT_EXISTS``.
    """
    with atomic_directory(out) as root:
        for name in cohort.record.sha256:
            if name != _SPLITS.as_posix():
                copy_file(cohort.path / name, root / name)
        copy_file(cohort.path / "metadata" / "dataset.json", root / "metadata" / "dataset.json")
        write_parquet(root / _SPLITS, splits)
        hashes = cohort.record.sha256 | {_SPLITS.as_posix(): sha256_file(root / _SPLITS)}
        change = {
            "sha256": hashes,
            "image_root": str((cohort.path / cohort.record.image_root).resolve()),
            "modalities": modalities or cohort.record.modalities,
        }
        write_json(root / "cohort.json", cohort.record.model_copy(update=change).model_dump(mode="json"))
    return Cohort(out)
