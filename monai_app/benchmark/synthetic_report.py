"""The page of the benchmark of synthetic films: what each arm reaches on real patients, beside real films alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matplotlib.figure import Figure

from monai_app.benchmark.claims import Claim
from monai_app.benchmark.synthetic_arms import ABOUT, Arm
from monai_app.benchmark.synthetic_scores import MACRO, Scores
from monai_app.core.page import Page, Section
from monai_app.engines.report.style import INK, SOFT, label, metric_name, quiet, readable, series_colour
from monai_app.metrics.bootstrap import Estimate

MAX_BEHIND = 0.05
"""AUROC that a classifier of synthetic films may stay behind one of real films (issue: TSTR within .05 of TRTR)."""


@dataclass(frozen=True)
class SyntheticFacts:
    """What was compared, for the words of the report.

    Attributes:
        label: whose AUPRC is the primary outcome.
        split: of the real cohort that was judged.
        rows: samples that the arms draw from: ``real`` and ``synthetic``.
        steps: of the optimiser, as counted, by arm.
    """

    cohort: str
    synthetic: str
    label: str
    split: str
    patients: int
    seeds: Sequence[int]
    arms: Sequence[Arm]
    rows: Mapping[str, int]
    steps: Mapping[str, int]
    settings: Mapping[str, Any]


def synthetic_claims(scores: Scores, facts: SyntheticFacts) -> list[Claim]:
    """What synthetic films are to do, beside what was measured; an interval that holds both answers judges neither."""
    claims = []
    if {Arm.REAL, Arm.SYNTHETIC} <= set(facts.arms):
        behind = scores.difference(Arm.SYNTHETIC, Arm.REAL, MACRO, "auroc")
        what = f"TSTR stays within {MAX_BEHIND:.2f} AUROC of TRTR (mean of the labels)"
        claims.append(Claim(what, interval_text(behind), _verdict(behind, -MAX_BEHIND)))
    for arm in (Arm.BOTH, Arm.PRETRAINED):
        if {Arm.REAL, arm} <= set(facts.arms):
            gain = scores.difference(arm, Arm.REAL, facts.label, "auprc")
            what = f"{arm.value} raises the AUPRC of {readable(facts.label)} over real films alone"
            claims.append(Claim(what, interval_text(gain), _verdict(gain, 0.0)))
    return claims


def _verdict(estimate: Estimate, least: float) -> bool | None:
    """Whether a difference is above a bound: only where its whole interval says so."""
    if estimate.low is None or estimate.high is None:
        return None
    return True if estimate.low > least else False if estimate.high < least else None


def interval_text(estimate: Estimate) -> str:
    """``+0.021 [-0.003, +0.044]``."""
    if estimate.value is None:
        return "undefined"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:+.3f}"
    return f"{estimate.value:+.3f} [{estimate.low:+.3f}, {estimate.high:+.3f}]"


def synthetic_page(scores: Scores, facts: SyntheticFacts, claims: Sequence[Claim]) -> Page:
    """The page of a finished benchmark."""
    gain, behind = (
        scores.difference(arm, Arm.REAL, name, metric) if {arm, Arm.REAL} <= set(facts.arms) else Estimate(None)
        for arm, name, metric in ((Arm.BOTH, facts.label, "auprc"), (Arm.SYNTHETIC, MACRO, "auroc"))
    )
    page = Page(
        f"Are the synthetic films useful? {facts.cohort}",
        f"The same classifier, trained on real films, on synthetic ones of {facts.synthetic}, on both, and on one after"
        f" the other, {len(facts.seeds)} seeds each and equally many steps; tested on {facts.patients:,} real"
        f" {facts.split.replace('_', '-')} samples. Values are means over seeds, brackets 95 % intervals over patients"
        " and seeds.",
        tiles=[
            (f"AUPRC of {readable(facts.label)}, both - real", *_tile(gain)),
            ("AUROC, synthetic - real, mean of labels", *_tile(behind)),
            ("judged on", f"{facts.patients:,}", f"{scores.positives[facts.label]} with {readable(facts.label)}"),
        ],
    )
    _outcome_section(page.section("What each arm reaches"), scores, facts)
    verdicts = {True: "holds", False: "does not hold", None: "the interval holds both answers"}
    section = page.section("Claims")
    section.table(["claim", "measured", ""], [[c.what, c.measured, verdicts[c.met]] for c in claims])
    for metric in ("auprc", "auroc"):
        _label_section(page.section(f"{metric_name(metric)} by label"), scores, facts, metric)
    _reading(page.section("How it was made"), facts)
    return page


def _tile(estimate: Estimate) -> tuple[str, str]:
    value, _, bounds = interval_text(estimate).partition(" ")
    return value, bounds


def _outcome_section(section: Section, scores: Scores, facts: SyntheticFacts) -> None:
    section.figure(
        arms_figure(scores, facts),
        f"Points are seeds, squares their means, bars 95 % intervals; n = {facts.patients:,}.",
    )
    outcomes = ((facts.label, "auprc"), (facts.label, "auroc"), (MACRO, "auprc"), (MACRO, "auroc"))
    header = [f"{metric_name(metric)}, {readable(name)}" for name, metric in outcomes]
    rows: list[list[Any]] = [
        [arm.value, *(_cell(scores.value(arm, *outcome)) for outcome in outcomes)] for arm in facts.arms
    ]
    rows += [
        [f"{arm.value} - real", *(_cell(scores.difference(arm, Arm.REAL, *outcome)) for outcome in outcomes)]
        for arm in facts.arms
        if arm is not Arm.REAL and Arm.REAL in facts.arms
    ]
    section.table(["", *header], rows)


def arms_figure(scores: Scores, facts: SyntheticFacts) -> Figure:
    """The primary outcome and the mean AUROC of each arm: seeds as points, means with intervals."""
    figure = Figure(figsize=(8.4, 1.1 + 0.45 * len(facts.arms)))
    for place, (name, metric) in enumerate(((facts.label, "auprc"), (MACRO, "auroc"))):
        axes = figure.add_subplot(1, 2, place + 1)
        quiet(axes)
        for row, arm in enumerate(facts.arms):
            found = scores.value(arm, name, metric)
            seeds = [value for value in scores.by_seed(arm, name, metric) if value is not None]
            axes.scatter(seeds, [row] * len(seeds), s=14, color=SOFT, alpha=0.6, zorder=2)
            if found.value is None:
                continue
            low, high = (found.value if bound is None else bound for bound in (found.low, found.high))
            spread = [[max(0.0, found.value - low)], [max(0.0, high - found.value)]]
            axes.errorbar(found.value, row, xerr=spread, fmt="s", color=series_colour(row), capsize=3, zorder=3)
        if metric == "auprc":
            share = scores.positives[name] / max(scores.labelled[name], 1)
            axes.axvline(share, color=INK, linewidth=0.7, linestyle=":")
        axes.set_yticks(range(len(facts.arms)), [arm.value for arm in facts.arms] if place == 0 else [])
        axes.set_ylim(len(facts.arms) - 0.5, -0.5)
        axes.locator_params(axis="x", nbins=6)
        title = f"{metric_name(metric)}, {'mean of the labels' if name == MACRO else readable(name)}"
        label(axes, x="dotted: share of positives" if metric == "auprc" else "", y="", title=title)
    figure.tight_layout()
    return figure


def _label_section(section: Section, scores: Scores, facts: SyntheticFacts, metric: str) -> None:
    rows = [
        [readable(name), f"{positives} of {scores.labelled[name]}"]
        + [_cell(scores.value(arm, name, metric)) for arm in facts.arms]
        for name, positives in scores.positives.items()
    ]
    section.table(["label", "positives", *(arm.value for arm in facts.arms)], rows)


def _reading(section: Section, facts: SyntheticFacts) -> None:
    rows = [[arm.value, ABOUT[arm], facts.steps[arm.value]] for arm in facts.arms]
    section.table(["arm", "learns from", "optimiser steps"], rows)
    section.text(
        f"Drawn from: {facts.rows['real']:,} real train samples with a film and {facts.rows['synthetic']:,} synthetic "
        "ones. An epoch is a number of draws and not a pass over the data, so that every arm takes the same number of "
        "steps with batches of the same size. The weights kept are those that were best on the real tuning split, in "
        "every arm. The generator of the synthetic films has seen all real train patients, also where the arms see "
        "some of them only."
    )
    section.table(["setting", "value"], [[name, str(value)] for name, value in facts.settings.items()])


def _cell(estimate: Estimate) -> tuple[float | None, float | None, float | None]:
    return estimate.value, estimate.low, estimate.high
