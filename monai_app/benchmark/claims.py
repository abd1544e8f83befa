"""The claims that a reliability-aware fusion makes, each beside what was measured; a claim can fail."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan

import polars as pl

from monai_app.benchmark.compare import (
    clean,
    drops,
    over_tasks,
    reliability_correlation,
    spearman,
    spread,
)
from monai_app.benchmark.conditions import Kind

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
        _confidence_claim(results, system),
    ]


def _mean(table: pl.DataFrame, system: str) -> float:
    found = spread(table).filter(pl.col("system") == system)["mean"]
    return float("nan") if found.is_empty() or found[0] is None else float(found[0])


def _verdict(holds: bool, *numbers: float) -> bool | None:
    return None if any(isnan(number) for number in numbers) else holds


def _told(number: float, form: str, unit: str = "") -> str:
    return "undefined" if isnan(number) else f"{number:{form}}{unit}"


def _drop_claims(results: pl.DataFrame, system: str, baseline: str) -> list[Claim]:
    """Over the faults and severities of a modality at which the baseline loses so much; most faults cost little."""
    keys = ["modality", "fault", "severity"]
    lost = drops(results).group_by("system", *keys, maintain_order=True).agg(pl.col("drop_percent").mean())
    own, other = (lost.filter(pl.col("system") == name).drop("system") for name in (system, baseline))
    both = own.join(other, on=keys, suffix="_baseline")
    claims = []
    for modality in both["modality"].unique(maintain_order=True):
        part = both.filter(pl.col("modality") == modality)
        costly = part.filter(pl.col("drop_percent_baseline") > BASELINE_DROP_PERCENT)
        what = (
            f"faults of the {modality} that cost {baseline} more than {BASELINE_DROP_PERCENT:g} % AUROC "
            f"cost {system} less than {MAX_DROP_PERCENT:g} %"
        )
        if costly.is_empty():
            worst = part["drop_percent_baseline"].max()
            told = _told(float("nan") if worst is None else float(str(worst)), ".1f", " %")
            claims.append(Claim(what, f"none does: the worst costs {baseline} {told}", None))
            continue
        means = [_average(costly[name]) for name in ("drop_percent", "drop_percent_baseline")]
        measured = f"{system} {means[0]:.1f} %, {baseline} {means[1]:.1f} % over {costly.height} of {part.height}"
        claims.append(Claim(what, measured, _verdict(means[0] < MAX_DROP_PERCENT, *means)))
    return claims


def _average(values: pl.Series) -> float:
    mean = values.drop_nulls().mean()
    return float(mean) if isinstance(mean, float) else float("nan")


def _calibration_claim(results: pl.DataFrame, system: str, baseline: str) -> Claim:
    own, other = (_mean(clean(results, "ece"), name) for name in (system, baseline))
    change = f" ({100 * (own / other - 1):+.0f} %)" if other > 0 and not isnan(own) else ""
    return Claim(
        f"ECE of {system} is at least 30 % below that of {baseline}",
        f"{_told(own, '.4f')} against {_told(other, '.4f')}{change}",
        _verdict(own <= ECE_RATIO * other, own, other),
    )


def _rejection_claim(results: pl.DataFrame, system: str) -> Claim:
    whole, kept = (_mean(clean(results, name), system) for name in ("error", "error_kept"))
    return Claim(
        f"rejecting the least certain 20 % lowers the error rate of {system}",
        f"{_told(whole, '.4f')} to {_told(kept, '.4f')}",
        _verdict(kept < whole, whole, kept),
    )


def _reliability_claims(weights: pl.DataFrame, system: str) -> list[Claim]:
    rows = reliability_correlation(weights.filter(pl.col("system") == system)).filter(pl.col("fault") == "all")
    claims = []
    for modality in rows["modality"].unique(maintain_order=True):
        value = _mean(rows.filter(pl.col("modality") == modality), system)
        claims.append(
            Claim(
                f"the weight of the {modality} follows its known quality (Spearman at least {MIN_SPEARMAN:g})",
                _told(value, ".2f"),
                _verdict(value >= MIN_SPEARMAN, value),
            )
        )
    return claims


def _confidence_claim(results: pl.DataFrame, system: str) -> Claim:
    """Over all faults and severities, clean too: does a system that is more often wrong say that it is less sure?"""
    wrong, sure = (over_tasks(results, metric) for metric in ("error", "confidence"))
    keys = ["system", "seed", "kind", "modality", "fault", "severity"]
    both = wrong.join(sure, on=keys, suffix="_confidence").filter(
        (pl.col("system") == system) & pl.col("kind").is_in([Kind.CLEAN.value, Kind.FAULT.value])
    )
    means = both.drop_nulls().group_by(keys[2:]).agg(pl.col("value").mean(), pl.col("value_confidence").mean())
    correlation = spearman(means["value_confidence"].to_numpy(), -means["value"].to_numpy())
    return Claim(
        f"under faults the confidence of {system} falls with its accuracy (Spearman above 0)",
        "undefined" if isnan(correlation) else f"{correlation:.2f} over {means.height} conditions",
        _verdict(correlation > 0, correlation),
    )


def _clean_claim(results: pl.DataFrame, system: str) -> Claim:
    table = clean(results, "auroc")
    means = {
        name: mean for name in table["system"].unique(maintain_order=True) if not isnan(mean := _mean(table, name))
    }
    what = f"on clean data {system} is not behind the best other system by more than {MAX_BEHIND:g} AUROC"
    others = [name for name in means if not name.startswith(system)]
    if system not in means or not others:
        return Claim(what, "AUROC is undefined", None)
    best = max(others, key=lambda name: means[name])
    measured = f"{means[system]:.3f} against {means[best]:.3f} ({best})"
    return Claim(what, measured, means[best] - means[system] <= MAX_BEHIND)
