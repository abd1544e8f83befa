"""Patient-grouped cross-validation: every system on the same folds, every patient judged once."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from monai_app.cohort.folds import fold_splits, write_resplit
from monai_app.cohort.spec import ModalitySpec
from monai_app.cohort.store import Cohort
from monai_app.core.atomic import write_json
from monai_app.core.errors import InputRejected
from monai_app.core.loading import read_json
from monai_app.core.page import Page
from monai_app.engines.bundle import train_and_evaluate
from monai_app.engines.evaluation import METRICS_NAME, PREDICTIONS_NAME, evaluate_predictions
from monai_app.engines.predictions import Predictions

_ARM = re.compile(r"(?P<name>[\w-]+)=(?P<fusion>\w+)(?::(?P<modalities>[\w,]+))?(?:@(?P<file>.+))?")


@dataclass(frozen=True)
class Arm:
    """One row of the comparison.

    Attributes:
        fusion: overlay name.
        modalities: those it may see; None for all of the cohort.
        modality_file: a YAML of modalities that replaces the cohort's own, as a control does.
    """

    name: str
    fusion: str
    modalities: tuple[str, ...] | None = None
    modality_file: str | None = None

    @classmethod
    def parse(cls, text: str) -> Arm:
        """``NAME=FUSION[:MODALITY,...][@FILE]``.

        Raises:
            InputRejected: ``ARM_INVALID``.
        """
        match = _ARM.fullmatch(text)
        if match is None:
            raise InputRejected("ARM_INVALID", "an arm cannot be read", expected="NAME=FUSION[:MODALITY,...][@FILE]")
        modalities = match["modalities"]
        return cls(match["name"], match["fusion"], tuple(modalities.split(",")) if modalities else None, match["file"])


def crossvalidate(
    bundle: str,
    cohort_dir: str | Path,
    out: str | Path,
    *,
    arms: Sequence[Arm],
    task: str,
    folds: int = 5,
    seed: int = 0,
    settings: Mapping[str, Any] | None = None,
    on_stage: Callable[[str], None] = lambda _: None,
) -> list[dict[str, Any]]:
    """Train and evaluate every arm on every fold; an interrupted run goes on where it stopped.

    Returns:
        Per arm: AUROC of the pooled held-out predictions with a 95 % interval of a bootstrap over patients, and the
        AUROC of each fold with their mean. Pooling compares scores of different models with each other, so it is
        usually the lower of the two.

    Raises:
        InputRejected: those of the folds, the bundle and the cohort.
    """
    folder, cohort = Path(out), Cohort(cohort_dir)
    splits = fold_splits(cohort, task=task, folds=folds, seed=seed)
    rows = []
    for arm in arms:
        parts, by_fold = [], []
        for fold, split in enumerate(splits):
            on_stage(f"{arm.name}: fold {fold + 1} of {folds}")
            place = folder / arm.name / f"fold{fold}"
            metrics_file = place / "evaluation" / METRICS_NAME
            if not metrics_file.is_file():
                modalities = None if arm.modality_file is None else ModalitySpec.read(arm.modality_file)
                if not (place / "cohort").exists():
                    write_resplit(cohort, split, place / "cohort", modalities=modalities)
                chosen = {"cohort_dir": str(place / "cohort"), "output_dir": str(place), "seed": seed, "tasks": [task]}
                if arm.modalities is not None:
                    chosen["modalities"] = list(arm.modalities)
                train_and_evaluate(bundle, arm.fusion, {**chosen, **(settings or {})})
            by_fold.append(read_json(metrics_file)["tasks"][task]["headline"]["auroc"]["value"])
            parts.append(Predictions.read(place / "evaluation" / PREDICTIONS_NAME))
        pooled = evaluate_predictions(
            Predictions.join(parts),
            out_dir=folder / arm.name / "pooled",
            title=f"{arm.name}, {folds} folds pooled",
            seed=seed,
        )
        rows.append(_row(arm, pooled, by_fold, task))
    write_json(folder / "crossvalidation.json", {"task": task, "folds": folds, "seed": seed, "arms": rows})
    comparison_page(rows, task=task, folds=folds).write(folder / "report.html")
    return rows


def _row(arm: Arm, pooled: Mapping[str, Any], by_fold: Sequence[float | None], task: str) -> dict[str, Any]:
    headline = pooled["tasks"][task]["headline"]["auroc"]
    defined = [value for value in by_fold if value is not None]
    return {
        "arm": arm.name,
        "fusion": arm.fusion,
        "samples": pooled["samples"],
        "patients": pooled["subjects"],
        "pooled_auroc": headline,
        "fold_auroc": list(by_fold),
        "fold_mean_auroc": float(np.mean(defined)) if defined else None,
        "fold_std_auroc": float(np.std(defined, ddof=1)) if len(defined) > 1 else None,
    }


def comparison_page(rows: Sequence[Mapping[str, Any]], *, task: str, folds: int) -> Page:
    """The comparison as a page."""
    page = Page(
        f"Cross-validation of {task}",
        f"Every patient was held out once in {folds} folds dealt by patient; every row saw the same folds.",
    )
    section = page.section("AUROC of the held-out patients").text(
        "Pooled: all held-out predictions together, with a 95 % interval of a bootstrap over patients. "
        "Fold mean: the AUROC within each fold, averaged over the folds where both classes occur."
    )
    section.table(
        ["system", "fusion", "n", "patients", "pooled", "95 % low", "95 % high", "fold mean", "std over folds"],
        [
            [
                row["arm"],
                row["fusion"],
                row["samples"],
                row["patients"],
                *(row["pooled_auroc"][key] for key in ("value", "low", "high")),
                row["fold_mean_auroc"],
                row["fold_std_auroc"],
            ]
            for row in rows
        ],
    )
    links = page.section("Reports")
    for row in rows:
        links.link(f"{row['arm']}/pooled/report.html", f"{row['arm']}: curves, calibration, subgroups")
    return page
