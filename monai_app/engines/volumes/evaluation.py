"""Evaluation of a segmentation model: cases.csv, metrics.json and report.html, with intervals over patients."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from monai_app.cohort.segmentation_spec import SegmentationSpec
from monai_app.core.atomic import sha256_file, write_json
from monai_app.core.tables import write_csv
from monai_app.engines.model_folder import WEIGHTS_NAME
from monai_app.engines.volumes.case_table import Draws, case_table
from monai_app.engines.volumes.evaluator import VolumeEvaluator
from monai_app.engines.volumes.report import build_page
from monai_app.inference.ood import Familiarity
from monai_app.metrics.bootstrap import PatientBootstrap
from monai_app.metrics.estimates import MEAN, Measured, macro, measure

MEASURES = ("dice", "assd_mm", "hd95_mm")


def evaluate_segmentation(
    evaluator: VolumeEvaluator,
    *,
    spec: SegmentationSpec,
    loading: Callable[[dict[str, Any]], Mapping[Any, Any]],
    familiarity: Familiarity | None,
    model_dir: str,
    out_dir: str,
    title: str,
    draws: int = 0,
    flips: Sequence[Sequence[int]] = ((),),
    bootstrap: int = 1000,
    seed: int = 0,
) -> dict[str, Any]:
    """Evaluate the model on the evaluator's split and write the three files.

    Args:
        loading: reads ``label`` of an item as it lies in the file.
        familiarity: what the model's volumes look like; None judges none.
        draws: augmented copies for the uncertainty of a volume; 0 for none.
        flips: spatial axes that copies may be mirrored along.
        bootstrap: resamples of patients for the 95 % intervals.

    Returns:
        The content of metrics.json.
    """
    asked = Draws(draws, flips, seed)
    table = case_table(evaluator, spec, loading, draws=asked, familiarity=familiarity)
    numbers = summarise(table, spec.structures, bootstrap=bootstrap, seed=seed)
    results = {
        "title": title,
        "model_sha256": sha256_file(Path(model_dir) / WEIGHTS_NAME),
        "draws": draws,
        **numbers,
    }
    folder = Path(out_dir)
    write_csv(folder / "cases.csv", table)
    write_json(folder / "metrics.json", results)
    build_page(table, results).write(folder / "report.html")
    return results


def summarise(table: pl.DataFrame, structures: Sequence[str], *, bootstrap: int, seed: int) -> dict[str, Any]:
    """Means with intervals, by structure and over structures.

    Args:
        table: of :func:`monai_app.engines.volumes.case_table.case_table`.
    """
    cases = table["case"].unique(maintain_order=True)
    draws = PatientBootstrap(np.arange(len(cases), dtype=np.int64), resamples=bootstrap, seed=seed)
    parts: dict[str, list[Measured]] = {name: [] for name in MEASURES}
    by_structure: dict[str, Any] = {}
    for structure in structures:
        rows = table.filter(pl.col("structure") == structure)
        found = {name: _mean(rows[name].to_numpy(), draws) for name in MEASURES}
        for name, part in found.items():
            parts[name].append(part)
        by_structure[structure] = {
            **{name: part.estimate.as_dict() for name, part in found.items()},
            "n": int(rows["dice"].is_not_null().sum()),
            "missed": int(((rows["dice"] == 0) & (rows["reference_ml"] > 0)).sum()),
            **_volume_errors(rows),
            "entropy_dice_correlation": _rank_correlation(rows),
        }
    judged = table.unique("case")["unfamiliar"].drop_nulls()
    return {
        "volumes": len(cases),
        "intervals": {"resamples": bootstrap, "confidence": 0.95, "unit": "patient"},
        "seed": seed,
        "mean": {name: macro(found).estimate.as_dict() for name, found in parts.items()},
        "structures": by_structure,
        "unfamiliar": None if judged.is_empty() else int(judged.sum()),
    }


def _mean(values: np.ndarray, draws: PatientBootstrap) -> Measured:
    known = np.flatnonzero(np.isfinite(values))
    if not known.size:
        return Measured(None)
    return measure(MEAN, values[known], values[known], rows=known, bootstrap=draws)


def _volume_errors(rows: pl.DataFrame) -> dict[str, float]:
    """Bias and mean absolute error of the volumes in mL."""
    error = (rows["volume_ml"] - rows["reference_ml"]).to_numpy()
    return {"volume_bias_ml": float(error.mean()), "volume_mae_ml": float(np.abs(error).mean())}


def _rank_correlation(rows: pl.DataFrame) -> float | None:
    """Spearman's correlation of entropy and Dice; below zero where the network knows when it is wrong."""
    known = rows.select("entropy", "dice").drop_nulls()
    if known.height < 3 or known["entropy"].n_unique() < 2 or known["dice"].n_unique() < 2:
        return None
    return float(known.select(pl.corr("entropy", "dice", method="spearman")).item())
