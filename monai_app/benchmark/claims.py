"""The claims that a reliability-aware fusion makes, each beside what was measured; a claim can fail."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from monai_app.benchmark.compare import clean, drops_by_modality, reliability_correlation, spread

MAX_DROP_PERCENT, BASELINE_DROP_PERCENT, ECE_RATIO, MIN_SPEARMAN, MAX_BEHIND = 5.0, 10.0, 0.7, 0.6, 0.01


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes:
        what: it says.
        measured: in words.
        met: None where it cannot be judged.
    """

    what: str
    measured: str
    met: bool | None


def judged_claims(
    results: pl.DataFrame, weights: pl.DataFrame, *, system: str = "draf", baseline: str = "early"
) -> list[Claim]:
    """The claims of the proposal about DRAF, against the deterministic baseline."""
    present = set(results["system"].unique())
    if not {system, baseline} <= present:
        return []
    return [
        *_drop_claims(results, system, baseline),
        _calibration_claim(results, system, baseline),
        _rejection_claim(results, system),
        *_reliability_claims(weights, system),
        _clean_claim(results, system),
    ]


def _mean(table: pl.DataFrame, system: str) -> float:
    found = spread(table).filter(pl.col("system") == system)["mean"]
    return float("nan") if found.is_empty() or found[0] is None else float(found[0])


def _drop_claims(results: pl.DataFrame, system: str, baseline: str) -> list[Claim]:
    lost = drops_by_modality(results)
    claims = []
    for modality in lost["modality"].unique(maintain_order=True):
        part = lost.filter(pl.col("modality") == modality)
        own, other = _mean(part, system), _mean(part, baseline)
        met = None if other <= BASELINE_DROP_PERCENT else own < MAX_DROP_PERCENT
        claims.append(
            Claim(
                f"faults of the {modality} cost {system} less than {MAX_DROP_PERCENT:g} % AUROC where they cost "
                f"{baseline} more than {BASELINE_DROP_PERCENT:g} %",
                f"{system} {own:.1f} %, {baseline} {other:.1f} %",
                met,
            )
        )
    return claims


def _calibration_claim(results: pl.DataFrame, system: str, baseline: str) -> Claim:
    own, other = (_mean(clean(results, "ece"), name) for name in (system, baseline))
    return Claim(
        f"ECE of {system} is at least 30 % below that of {baseline}",
        f"{own:.4f} against {other:.4f} ({100 * (own / other - 1):+.0f} %)",
        own <= ECE_RATIO * other,
    )


def _rejection_claim(results: pl.DataFrame, system: str) -> Claim:
    whole, kept = (_mean(clean(results, name), system) for name in ("error", "error_kept"))
    return Claim(
        f"rejecting the least certain 20 % lowers the error rate of {system}",
        f"{whole:.4f} to {kept:.4f}",
        kept < whole,
    )


def _reliability_claims(weights: pl.DataFrame, system: str) -> list[Claim]:
    rows = reliability_correlation(weights.filter(pl.col("system") == system)).filter(pl.col("fault") == "all")
    claims = []
    for modality in rows["modality"].unique(maintain_order=True):
        value = _mean(rows.filter(pl.col("modality") == modality), system)
        claims.append(
            Claim(
                f"the weight of the {modality} follows its known quality (Spearman at least {MIN_SPEARMAN:g})",
                f"{value:.2f}",
                value >= MIN_SPEARMAN,
            )
        )
    return claims


def _clean_claim(results: pl.DataFrame, system: str) -> Claim:
    means = {row["system"]: row["mean"] for row in spread(clean(results, "auroc")).iter_rows(named=True)}
    best = max((name for name in means if not name.startswith(system)), key=lambda name: means[name])
    behind = means[best] - means[system]
    return Claim(
        f"on clean data {system} is not behind the best other system by more than {MAX_BEHIND:g} AUROC",
        f"{means[system]:.3f} against {means[best]:.3f} ({best})",
        behind <= MAX_BEHIND,
    )
