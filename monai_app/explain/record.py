"""attribution.json: values, scores and where they come from, for machines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import numpy as np

from monai_app import __version__
from monai_app.explain.agreement import Agreement
from monai_app.explain.attribution_map import AttributionMap
from monai_app.explain.believability import Believability
from monai_app.explain.explanation import Explanation
from monai_app.explain.material import Material
from monai_app.explain.modality_shares import INTERVAL, ModalityShares
from monai_app.explain.words import words_of

FORMAT = "monai-app-attribution-1"
DIGITS = 5
"""Significant digits of values: maps are no more exact than that."""


def record(
    explanation: Explanation,
    scores: dict[str, Believability],
    material: Material,
    files: dict[str, str],
    agreements: Mapping[str, Agreement] | None = None,
    *,
    blind: bool = False,
) -> dict[str, Any]:
    """The explanation as a JSON-able record.

    Args:
        files: sha256 of the files beside it.
        agreements: per modality, of several methods.
        blind: for a reader study: without the sums and gaps that tell a decoy from a map.
    """
    hidden = _TELLING if blind else ()
    target = explanation.target
    return {
        "format": FORMAT,
        "note": "not for diagnosis; shows what moved the model, not what is wrong with the patient",
        "target": {"name": target.name, "task": target.task.name, "kind": target.task.kind.value},
        "method": explanation.method.value,
        "unit": target.unit,
        "score": explanation.case.score,
        "shown": target.shown(explanation.case.score),
        "modalities": _shares(explanation.shares),
        "absent": list(explanation.absent),
        "maps": {
            name: {key: value for key, value in _map(made, material).items() if key not in hidden}
            | {"believability": asdict(scores[name]) if name in scores else None}
            for name, made in explanation.maps.items()
        },
        "agreement": {name: agreement_record(found) for name, found in (agreements or {}).items()},
        "warnings": list(explanation.warnings),
        "provenance": material.provenance,
        "versions": {"monai_app": __version__} | {name: version(name) for name in ("captum", "torch", "monai")},
        "files": files,
    }


_TELLING = ("sum", "completeness_gap")


def agreement_record(found: Agreement) -> dict[str, Any]:
    """How far the methods agree on one modality."""
    return {
        "methods": list(found.methods),
        "rank_correlation": found.correlation,
        "pairs": found.pairs,
        "contested": found.contested,
        "mean_rank": rounded(found.mean),
        "entropy_bits": rounded(found.entropy),
    }


def _shares(shares: ModalityShares) -> dict[str, Any]:
    names = list(shares.names)
    coalitions = {
        "+".join(name for place, name in enumerate(names) if number >> place & 1) or "none": float(score)
        for number, score in enumerate(shares.coalitions)
    }
    return {
        "names": names,
        "shapley": _by_name(names, shares.shapley),
        "share": _by_name(names, shares.shares),
        "weights": None if shares.weights is None else _by_name(names, shares.weights),
        "weights_rank_correlation": shares.rank_correlation,
        "interactions": {
            f"{names[j]}+{names[i]}": float(shares.interactions[i, j]) for i in range(len(names)) for j in range(i)
        },
        "coalition_scores": coalitions,
        "prior": asdict(shares.prior),
        "fusion_rows": shares.passes,
        "interval": None
        if shares.draws is None
        else {
            "of": "the model's own draws, each explained by itself",
            "draws": shares.draws.count,
            "quantiles": list(INTERVAL),
            "shapley": dict(zip(names, shares.draws.shapley.tolist(), strict=True)),
            "share": dict(zip(names, shares.draws.shares.tolist(), strict=True)),
        },
    }


def _by_name(names: list[str], values: Any) -> dict[str, float]:
    return {name: float(value) for name, value in zip(names, values, strict=True)}


def map_facts(made: AttributionMap) -> dict[str, Any]:
    """What is told of every map, of a volume's too."""
    return {
        "method": made.method,
        "baseline": made.baseline,
        "score": made.score,
        "baseline_score": made.baseline_score,
        "sum": float(made.values.sum(dtype=np.float64)),
        "completeness_gap": made.gap if made.complete else None,
        "evaluations": made.evaluations,
    }


def _map(made: AttributionMap, material: Material) -> dict[str, Any]:
    return {
        **map_facts(made),
        "precision": made.precision,
        "cosine_of_bf16_to_fp32": made.rounding_cosine,
        "imputed_share": made.imputed_share,
        "warnings": list(made.warnings),
        "shape": list(made.values.shape),
        "values": rounded(made.values),
        **_labels(made, material),
    }


def _labels(made: AttributionMap, material: Material) -> dict[str, Any]:
    modalities = material.spec.modalities
    if made.modality == "series" and modalities.series is not None:
        series = modalities.series
        ends = [-(series.steps - step - 1) * series.step_hours for step in range(series.steps)]
        return {
            "channels": [channel.name for channel in series.channels],
            "units": [channel.unit for channel in series.channels],
            "step_ends_hours": ends,
            "imputed": [] if made.imputed is None else made.imputed.tolist(),
        }
    if made.modality == "table" and modalities.table is not None:
        return {"columns": list(modalities.table.columns), "known": made.features.tolist()}
    if made.modality == "note" and material.offsets is not None:
        return {
            "offsets": material.offsets.tolist(),
            "words": [asdict(word) for word in words_of(made.values, material.offsets)],
        }
    return {"grid": "the letterboxed square that the network saw; film_attribution.nii.gz has the film's own pixels"}


def rounded(values: Any) -> Any:
    """Nested lists of numbers with :data:`DIGITS` significant digits."""
    if isinstance(values, np.ndarray):
        return rounded(values.tolist())
    if isinstance(values, list):
        return [rounded(value) for value in values]
    return float(f"{values:.{DIGITS}g}")
